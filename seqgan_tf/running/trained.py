"""`Trained`: networks to generate and score texts with, read from what a run or an export left."""

import dataclasses
import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from seqgan_tf.config import Config
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.running import asking, pretrained
from seqgan_tf.running.facts import facts
from seqgan_tf.running.given import Given
from seqgan_tf.running.loading import is_run, read, restore
from seqgan_tf.running.workdir import user_errors
from seqgan_tf.serving import card, description
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.servable import Servable
from seqgan_tf.training.state import TrainState


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained generator, with what belongs to it.

    Attributes:
        generator: a Keras model. Its own `compile` and `fit` train it further, on pairs
            (tokens, tokens) and a cross-entropy from logits.
        discriminator: a Keras model, or None where none was trained.
        vocabulary: the symbols.
        sequence_length: T.
        config: the settings of the run; None for an export that was made without them.
        state: the `TrainState`; None where the networks come from an export.
        run: the facts of the run for the model card; None where they are not known.
        written_card: the model card that was read; '' where there was none, None where it is made.
    """

    generator: Generator
    discriminator: Discriminator | GivenDiscriminator | None
    vocabulary: Vocabulary = dataclasses.field(repr=False)
    sequence_length: int
    config: Config | None = dataclasses.field(default=None, repr=False)
    state: TrainState | None = dataclasses.field(default=None, repr=False)
    run: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    written_card: str | None = dataclasses.field(default=None, repr=False)

    @classmethod
    def of_state(cls, workdir: pathlib.Path, config: Config, vocabulary: Vocabulary, state: TrainState) -> 'Trained':
        """The networks of a run's state, with the facts in its workdir."""
        run = facts(workdir, config, {phase: int(done) for phase, done in state.done.items()})
        networks = state.generator, state.trained_discriminator
        return cls(*networks, vocabulary, config.sequence_length, config, state, run)

    @property
    def card(self) -> str:
        """The model card, in Markdown.

        Raises:
            RunError: the export was made before exports had one.
        """
        if self.written_card == '':
            raise RunError('a model must have a card. Received: one that was written without. Export the run again')
        return self.written_card or card.render(description.describe(*self._described()))

    def generate(
        self,
        n: int = 1,
        *,
        prompt: str = '',
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        num_candidates: int = 1,
        guidance: float = 1.0,
    ) -> list[str]:
        """Texts, as the exported signature `complete` gives them for the same seeds.

        With several candidates they are those of the signature `search`.

        Args:
            n: their number.
            prompt: how each of them begins.
            temperature: divides the logits; positive.
            top_k: only the likeliest top_k tokens can be drawn; 0 for all.
            top_p: only the fewest tokens can be drawn whose share reaches top_p; 1 for all.
            seed: text i is drawn from seed + i, and does not depend on n. Negative: fresh seeds.
            num_candidates: how many sequences are drawn for each text, up to 256. One of them is
                chosen with weights e^(guidance * s), where s is the discriminator's logit.
            guidance: at least 0. 0: no choice; large: the best of them. It needs several
                candidates.

        Returns:
            list of n str.

        Raises:
            ValueError: n below 1, or another argument out of range; a prompt that is too long or
                has a symbol that the vocabulary lacks; or several candidates where no discriminator
                was trained, or with top_k or top_p.
        """
        rows = self.draw(n, prompt, temperature, top_k, top_p, seed, num_candidates, guidance)
        return [row['text'] for row in rows]

    def draw(
        self,
        n: int,
        prompt: str = '',
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        num_candidates: int = 1,
        guidance: float = 1.0,
    ) -> list[dict[str, Any]]:
        """As `generate`: dicts of text, log_prob (nats), seed, and with several candidates prob_real."""
        return asking.draw(self._servable, n, prompt, temperature, top_k, top_p, seed, num_candidates, guidance)

    def candidates(
        self,
        prompt: str = '',
        temperature: float = 1.0,
        seed: int = 0,
        num_candidates: int = 16,
        guidance: float = 1.0,
    ) -> dict[str, Any]:
        """The sequences among which `generate` chooses, as the exported signature `candidates`.

        Args:
            prompt, temperature, seed, guidance: as in `generate`.
            num_candidates: how many sequences are drawn, from 1 to 256.

        Returns:
            a dict of three lists, text, log_prob (nats) and prob_real; of chosen, the index of the
            one that `generate` gives; and of the used seed. The first candidate is what `generate`
            gives without candidates.

        Raises:
            ValueError: no discriminator was trained, or as `generate`.
        """
        return asking.candidates(self._servable, prompt, temperature, seed, num_candidates, guidance)

    def score(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """How likely and how real texts are, as the exported signature `score` says.

        Args:
            texts: str, of the vocabulary's symbols.

        Returns:
            For each text a dict of log_prob (nats, the sum over the text and its end), length
            (symbols), and prob_real where a discriminator was trained.

        Raises:
            ValueError: `texts` is no list of str; or one is too long or has an unknown symbol.
        """
        return asking.score(self._servable, texts)

    def inspect(self, texts: Sequence[str]) -> list[dict[str, list[Any]]]:
        """What the generator expected at each position of texts, as the signature `inspect` says.

        Args:
            texts: as in `score`.

        Returns:
            For each text a dict of four lists with an item for each position: symbol; log_prob
            (nats, of the symbol given those before it, at temperature 1; the sum is that of
            `score`); alternative, the likeliest symbols there, at most five, the likeliest first;
            and alternative_log_prob, theirs. The symbol '' is the end. It has the last position
            where the text is shorter than T.

        Raises:
            ValueError: as `score`.
        """
        return asking.inspect(self._servable, texts)

    def export(self, export_dir: str | pathlib.Path) -> pathlib.Path:
        """Publishes the next version for TensorFlow Serving below a directory; returns its path.

        Raises:
            ValueError, OSError: as `export_saved_model`.
        """
        *networks, settings, run = self._described()
        return export_saved_model(*networks, export_dir, settings, run)

    def save_pretrained(self, directory: str | pathlib.Path) -> pathlib.Path:
        """Writes the networks as Keras files, with their card, as the Hugging Face Hub keeps them.

        `load` reads the directory. A discriminator of the user's own is left out.

        Raises:
            RunError: the directory cannot be written.
        """
        kept = self.discriminator if isinstance(self.discriminator, Discriminator) else None
        return pretrained.save(directory, *dataclasses.replace(self, discriminator=kept)._described())

    def _described(self) -> tuple[Any, ...]:
        """The arguments of `description.describe`."""
        settings = self.config and dataclasses.asdict(self.config)
        networks = self.generator, self.discriminator
        return *networks, self.vocabulary, self.sequence_length, settings, self.run

    @functools.cached_property
    def _servable(self) -> Servable:
        return Servable(self.generator, self.discriminator, self.vocabulary, self.sequence_length)


def load(path: str | pathlib.Path, *, discriminator: keras.Model | None = None) -> Trained:
    """A trained generator: of a run, of an export, or of what `save_pretrained` wrote.

    Args:
        path: a workdir, which is read at its newest readable checkpoint; an export, the directory
            of all its versions, of which the newest is read, or of one; a directory of
            `save_pretrained`; or hf://USER/NAME of the Hugging Face Hub, with or without @REVISION.
        discriminator: the Keras model that was given to `run`, whose weights are then restored.
            Without it such a run is loaded without a discriminator.

    Raises:
        RunError: there is nothing of these, a file is missing or damaged, or the Hub does not give
            it. The Hub needs the extra `hub`.
    """
    if is_run(path):
        workdir = pathlib.Path(path)
        return Trained.of_state(workdir, *restore(workdir, Given(discriminator=discriminator)))
    found = read(path)
    with user_errors():
        config = Config.from_values(found.settings) if found.settings else None
    networks = found.generator, found.discriminator
    return Trained(*networks, found.vocabulary, found.sequence_length, config, None, found.run, found.card)


def export_run(trained: Trained, workdir: pathlib.Path, export_dir: str) -> pathlib.Path | None:
    """Exports a run where `export_dir` is given; returns the path of the new version.

    Raises:
        RunError: the directory cannot be written.
    """
    if not export_dir:
        return None
    try:
        return trained.export(export_dir)
    except OSError as error:
        raise RunError(
            f'export_dir must be writable. Received: {export_dir} ({error.strerror}). The run is saved in {workdir}; '
            'seqgan-export exports it.'
        ) from None
