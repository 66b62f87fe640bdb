"""A model behind a TensorFlow Serving, asked through the client."""

import re
from argparse import Namespace
from typing import Any

from seqgan_tf.commands.client import Unavailable, connect, cut, patiently
from seqgan_tf.data.verse_rules import verse_marks
from seqgan_tf.playground.model import Data, Missing, Request, Row, check_texts

TIMEOUT, RETRIES = 60, 2  # seconds of a request, and further attempts
QUICKLY = 3  # seconds of a question about the state
# As the server says that a signature is missing, over REST and gRPC.
NO_SIGNATURE = re.compile(r'[Ss]ignature.*not found')


class Served:
    """A model of a running TensorFlow Serving, as a `Model`.

    Args:
        url: http://host:port of REST, or grpc://host:port.
        model: the name that it is served under.
        config: the settings of its run, a `Config`, or None. A server does not say what texts are;
            verse is recognized.

    Raises:
        ValueError: it does not answer, or has no such model.
    """

    def __init__(self, url: str, model: str, config: Any = None):
        self.server = connect(Namespace(url=url, model=model, version=None, label=None))
        self.name, self.card, self.first = f'{model} at {url}', '', self._version()
        [row] = self._ask('complete', [_completion(Request(seed=1), 1)])
        self.data = Data('verse') if config is None and _is_verse(row['text']) else Data.of_config(config)
        try:
            self._ask('search', [_search(Request(seed=1, guidance=0), 1)])
            self.searches = True
        except Missing:
            self.searches = False

    def draw(self, request: Request) -> list[Row]:
        """See `Model`."""
        searched = request.num_candidates > 1
        row_of = _search if searched else _completion
        seeds = [request.seed + i if request.seed >= 0 else -1 for i in range(request.n)]
        return self._ask('search' if searched else 'complete', [row_of(request, seed) for seed in seeds])

    def candidates(self, request: Request) -> Row:
        """See `Model`."""
        [row] = self._ask('candidates', [_search(request, request.seed)])
        return row

    def score(self, texts: list[str]) -> list[Row]:
        """See `Model`."""
        check_texts(texts)
        return self._ask('score', [{'text': text} for text in texts])

    def inspect(self, texts: list[str]) -> list[Row]:
        """See `Model`."""
        check_texts(texts)
        rows = self._ask('inspect', [{'text': text} for text in texts])
        names = ('symbol', 'log_prob', 'alternative', 'alternative_log_prob')
        return [{name: row[name] for name in names} for row in rows]

    def news(self) -> str:
        """See `Model`."""
        try:
            version = self._version()
        except ValueError as error:
            return str(error)
        if version == self.first:
            return ''
        return f'The server now answers with version {version}. When the page was opened it was {self.first}.'

    def renew(self) -> None:
        """The server has renewed the model itself."""
        self.first = self._version()

    def _version(self) -> int:
        """The newest version that answers."""
        states = self.server.status(QUICKLY)
        available = [state['version'] for state in states if state['state'] == 'AVAILABLE']
        if not available:
            raise ValueError(f'a version of the model must be AVAILABLE. Received: {states}')
        return max(available)

    def _ask(self, signature: str, rows: list[Row]) -> list[Row]:
        """The answers to rows.

        Raises:
            Missing: the model has no such signature.
            ValueError: as `Model` says.
        """
        try:
            answers = patiently(lambda seconds: self.server.predict(signature, rows, seconds), TIMEOUT, RETRIES)
        except Unavailable:
            raise
        except ValueError as error:
            if NO_SIGNATURE.search(str(error)):
                raise Missing(f'this export has no signature {signature}') from None
            raise
        error = next((answer['error'] for answer in answers if answer['error']), None)
        if error:
            raise ValueError(error)
        return [cut(row, answer) for row, answer in zip(rows, answers)]


def _completion(request: Request, seed: int) -> Row:
    return {
        'seed': seed,
        'temperature': request.temperature,
        'prompt': request.prompt,
        'top_k': request.top_k,
        'top_p': request.top_p,
    }


def _search(request: Request, seed: int) -> Row:
    return {
        'seed': seed,
        'temperature': request.temperature,
        'prompt': request.prompt,
        'num_candidates': request.num_candidates,
        'guidance': request.guidance,
    }


def _is_verse(text: str) -> bool:
    """Whether a text is 20 characters of the verse's lexicon."""
    try:
        return all(mark.reading for mark in verse_marks(text))
    except ValueError:
        return False
