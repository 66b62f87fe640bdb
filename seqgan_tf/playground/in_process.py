"""A model in the page's own process."""

import pathlib
import threading

from seqgan_tf.errors import RunError
from seqgan_tf.playground.model import Data, Request, Row, check_texts
from seqgan_tf.running.trained import Trained, load
from seqgan_tf.serving import versions


class InProcess:
    """The newest checkpoint of a workdir, or the newest version of an export, as a `Model`.

    Calls run one after the other, because each uses all cores.

    Raises:
        RunError: there is nothing to load.
    """

    def __init__(self, path: str):
        self.path, self.lock = pathlib.Path(path), threading.Lock()
        self.renew()
        self.name = str(path)

    def renew(self) -> None:
        """Loads the newest checkpoint or version."""
        newest, trained = self._newest(), load(self.path)
        with self.lock:
            self.trained: Trained = trained
            self.loaded = newest
        self.data, self.searches = Data.of_config(trained.config), trained.discriminator is not None
        self.card = _card(trained)

    def draw(self, request: Request) -> list[Row]:
        """See `Model`."""
        with self.lock:
            return self.trained.draw(
                request.n,
                request.prompt,
                request.temperature,
                request.top_k,
                request.top_p,
                request.seed,
                request.num_candidates,
                request.guidance,
            )

    def candidates(self, request: Request) -> Row:
        """See `Model`."""
        with self.lock:
            return self.trained.candidates(
                request.prompt, request.temperature, request.seed, request.num_candidates, request.guidance
            )

    def score(self, texts: list[str]) -> list[Row]:
        """See `Model`."""
        check_texts(texts)
        with self.lock:
            return self.trained.score(texts)

    def inspect(self, texts: list[str]) -> list[Row]:
        """See `Model`."""
        check_texts(texts)
        with self.lock:
            return self.trained.inspect(texts)

    def news(self) -> str:
        """See `Model`."""
        newest = self._newest()
        if newest == self.loaded:
            return ''
        if newest is None:
            return f'{self.path} is gone. The model that was loaded from it still answers.'
        return f'{self.path} has {newest}. Here {self.loaded} answers.'

    def _newest(self) -> str | None:
        """The name of what `load` reads: a version or a checkpoint."""
        if (self.path / 'saved_model.pb').is_file():
            return f'version {self.path.name}'
        if (self.path / 'config.json').is_file():
            numbers = [int(found.stem.partition('-')[2]) for found in (self.path / 'checkpoints').glob('ckpt-*.index')]
            return f'checkpoint {max(numbers)}' if numbers else None
        numbers = versions.published(self.path) if self.path.is_dir() else []
        return f'version {numbers[-1]}' if numbers else None


def _card(trained: Trained) -> str:
    """The model card; '' for an export that was made before exports had one."""
    try:
        return trained.card
    except RunError:
        return ''
