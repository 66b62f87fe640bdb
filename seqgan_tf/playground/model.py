"""What the page asks of a model, wherever that runs."""

import dataclasses
import math
from typing import Any, Protocol

from seqgan_tf.music.melody import Melody

MOST_TEXTS = 64  # of a request
MOST_DRAWS = 4096  # texts times candidates of a request
MOST_CANDIDATES = 256  # as the signatures have it, which are not imported here: a served page needs no TensorFlow
LONGEST = 10_000  # characters of a prompt or of a text
Row = dict[str, Any]


class Missing(ValueError):
    """The model does not have what was asked for, and never will."""


@dataclasses.dataclass(frozen=True)
class Request:
    """What texts are drawn, as `Trained.generate` has it; bad values of the model's own are its to refuse.

    Raises:
        ValueError: more texts or characters than a page asks for, or filters with several candidates.
    """

    n: int = 1
    prompt: str = ''
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = -1
    num_candidates: int = 1
    guidance: float = 1.0

    def __post_init__(self) -> None:
        draws = self.n * self.num_candidates
        filtered = (self.top_k, self.top_p) != (0, 1)
        for fits, rule, received in (
            (1 <= self.n <= MOST_TEXTS, f'the number of texts must be from 1 to {MOST_TEXTS}', self.n),
            (draws <= MOST_DRAWS, f'texts times candidates must be at most {MOST_DRAWS}', draws),
            (len(self.prompt) <= LONGEST, f'a prompt must have at most {LONGEST} characters', len(self.prompt)),
            (0 < self.temperature < math.inf, 'temperature must be positive and finite', self.temperature),
            (-(2**31) <= self.top_k < 2**31, 'top_k must be an integer of 32 bits', self.top_k),
            (-(2**63) <= self.seed <= 2**63 - MOST_TEXTS, 'seed must be an integer of 64 bits', self.seed),
            (
                1 <= self.num_candidates <= MOST_CANDIDATES,
                f'candidates must be from 1 to {MOST_CANDIDATES}',
                self.num_candidates,
            ),
            (0 <= self.guidance < math.inf, 'guidance must be at least 0 and finite', self.guidance),
            (
                not (filtered and self.num_candidates > 1),
                'top_k must be 0 and top_p 1 with several candidates',
                f'top_k={self.top_k}, top_p={self.top_p}',
            ),
        ):
            if not fits:
                raise ValueError(f'{rule}. Received: {received}')


@dataclasses.dataclass(frozen=True)
class Data:
    """What texts of a model are: the name of their data set where it is known, and the melody of ids."""

    dataset: str = ''
    melody: Melody | None = None

    @classmethod
    def of_config(cls, config: Any) -> 'Data':
        """That of the settings of a run, a `Config`; of None nothing is known."""
        if config is None:
            return cls()
        return cls(config.dataset, Melody(config.melody, config.step) if config.dataset == 'music' else None)


class Model(Protocol):
    """A model that answers the page; each method may take seconds and is called off the event loop.

    All but `news` raise ValueError with a line for the user: a bad value, a server that does not
    answer, or `Missing` where the model lacks what is asked for.

    Attributes:
        name: what it is called on the page.
        data: what its texts are.
        card: the model card in Markdown; '' where there is none.
        searches: whether a discriminator chooses among candidates.
    """

    name: str
    data: Data
    card: str
    searches: bool

    def draw(self, request: Request) -> list[Row]:
        """n texts: dicts of text, log_prob, seed, and with several candidates prob_real."""
        ...

    def candidates(self, request: Request) -> Row:
        """The candidates of one text: text, log_prob, prob_real (lists), chosen (index), seed."""
        ...

    def score(self, texts: list[str]) -> list[Row]:
        """For each text log_prob, length, and prob_real where a discriminator was trained."""
        ...

    def inspect(self, texts: list[str]) -> list[Row]:
        """For each text lists, a place for each symbol: symbol, log_prob, alternative, alternative_log_prob."""
        ...

    def news(self) -> str:
        """A line about what has happened to the model since the page was opened; '' if nothing has."""
        ...

    def renew(self) -> None:
        """Takes the newest version of the model."""
        ...


def check_texts(texts: list[str]) -> None:
    """Raises ValueError where texts are more or longer than a page asks about."""
    if len(texts) > MOST_TEXTS:
        raise ValueError(f'the number of texts must be from 1 to {MOST_TEXTS}. Received: {len(texts)}')
    longest = max(map(len, texts), default=0)
    if longest > LONGEST:
        raise ValueError(f'a text must have at most {LONGEST} characters. Received: {longest}')
