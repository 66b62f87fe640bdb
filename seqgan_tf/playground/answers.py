"""What the page shows of a text: figures, and its symbols with their alternatives."""

import dataclasses
import math
from typing import Any

from seqgan_tf.music.melody import HOLD, REST, Melody
from seqgan_tf.playground.model import Missing, Model, Row, check_texts
from seqgan_tf.playground.symbols import Place, places_of

SURPRISING = 6.0  # nats; a symbol that is as unlikely as that has the strongest tint
PITCHES = 'A A♯ B C C♯ D D♯ E F F♯ G G♯'.split()  # from key 1, which is A0
END = '∎'  # how the end of a text is shown


@dataclasses.dataclass(frozen=True)
class Answer:
    """A text with all that is known of it.

    Attributes:
        text: the text.
        log_prob: of the text with its end, in nats.
        prob_real: the discriminator's probability; None where it was not asked or is not there.
        seed: what the text was drawn from; None for a text that was not drawn.
        places: of the symbols in the text; None where they are not known.
        symbols: for each of them {symbol, log_prob, alternative, alternative_log_prob}.
    """

    text: str
    log_prob: float
    prob_real: float | None = None
    seed: int | None = None
    places: list[Place] | None = None
    symbols: list[Row] = dataclasses.field(default_factory=list)


def answers_of(model: Model, rows: list[Row]) -> tuple[list[Answer], list[str]]:
    """The answers for drawn texts, and lines about what could not be said of them.

    Args:
        model: scores and inspects the texts.
        rows: dicts of text, log_prob, and where they are known seed and prob_real.
    """
    texts, notes = [row['text'] for row in rows], []

    def asked(what: str, question: Any) -> list[Row]:
        try:
            return question(texts)
        except Missing as error:
            notes.append(f'{what} are not shown: {error}. Export the run again.')
        except ValueError as error:
            notes.append(f'{what} are not shown: {error}')
        return [{} for _ in texts]

    scored = [row | {} for row in rows]
    if model.searches and any('prob_real' not in row for row in rows):
        scores = asked("The discriminator's probabilities", model.score)
        scored = [{'prob_real': score.get('prob_real')} | row for score, row in zip(scores, rows)]
    inspected = asked('Probabilities of symbols', model.inspect)
    return [_answer(row, found) for row, found in zip(scored, inspected)], notes


def answers_to(model: Model, texts: list[str]) -> tuple[list[Answer], list[str]]:
    """As `answers_of`, for texts that somebody wrote; lines say which of them are refused, and why.

    Raises:
        ValueError: the only text is refused, or there are too many.
    """
    check_texts(texts)
    rows, refused = [], []
    try:
        rows = [{'text': text} | score for text, score in zip(texts, model.score(texts))]
    except ValueError:  # of the first text that is refused; each is asked on its own
        if len(texts) == 1:
            raise
        for number, text in enumerate(texts, start=1):
            try:
                rows += [{'text': text} | score for score in model.score([text])]
            except ValueError as error:
                refused.append(f'Line {number}: {error}')
    answers, notes = answers_of(model, rows) if rows else ([], [])
    return answers, refused + notes


def _answer(row: Row, found: Row) -> Answer:
    places = places_of(row['text'], found['symbol']) if found else None
    symbols = [dict(zip(found, values)) for values in zip(*found.values())] if places else []
    return Answer(row['text'], row['log_prob'], row.get('prob_real'), row.get('seed'), places, symbols)


def drawn_symbols(answer: Answer, data_melody: Melody | None) -> list[Row]:
    """The symbols as the page draws them: text, gap, tint in [0, 1], likelihood, alternatives."""
    return [
        {
            'text': shown(symbol['symbol'], data_melody),
            'gap': place.gap,
            'tint': round(min(1.0, -symbol['log_prob'] / SURPRISING), 3),
            'likelihood': likelihood(symbol['log_prob']),
            'alternatives': [
                {
                    'text': shown(alternative, data_melody),
                    'likelihood': likelihood(log_prob),
                    'share': round(100 * math.exp(log_prob), 1),
                    'ends': alternative == '',
                }
                for alternative, log_prob in zip(symbol['alternative'], symbol['alternative_log_prob'])
            ],
            'ends': symbol['symbol'] == '',
        }
        for symbol, place in zip(answer.symbols, answer.places or [])
    ]


def likelihood(log_prob: float) -> str:
    """A probability in percent, with two digits."""
    percent = 100 * math.exp(log_prob)
    return '< 0.01 %' if percent < 0.01 else f'{percent:.3g} %' if percent < 99.95 else f'{percent:.1f} %'


def shown(symbol: str, melody: Melody | None) -> str:
    """A symbol as it is shown: the end as a mark, and of a melody the names of its keys."""
    if symbol == '':
        return END
    if melody is None or not symbol.isdecimal():
        return symbol
    if int(symbol) == REST:
        return 'rest'
    if int(symbol) == HOLD:
        return 'hold'
    key = int(symbol) - 1
    return f'{PITCHES[key % 12]}{(key + 9) // 12}'
