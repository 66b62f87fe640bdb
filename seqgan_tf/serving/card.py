"""The model card: what an export says of itself, as Markdown for people.

Its head is the one that the Hugging Face Hub reads (huggingface.co/docs/hub/model-cards). Its
sections are those of Mitchell et al. (2019), Model Cards for Model Reporting, FAT*.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seqgan_tf.data.token_kinds import TOKEN_KINDS

# The Hub shows how a library's models are loaded by this name. `keras` would show a call that does
# not load this directory.
LIBRARY = 'seqgan_tf'
IDENTIFIER = re.compile(r'[a-z0-9][a-z0-9.+-]*')  # of a licence on the Hub, such as cc-by-4.0
UNKNOWN = 'unknown'  # the Hub's identifier where nobody has stated a licence


def render(values: Mapping[str, Any]) -> str:
    """The card of a model.

    Args:
        values: as `description.describe` gives them.
    """
    run = values['run']
    parts = [
        _head(values),
        _title(values),
        *_use(values),
        *(_data(run['data']) if run else ()),
        *(_metrics(run['metrics']) if run else ()),
        *_limits(values),
        *_model(values),
        *_training(values),
    ]
    return '\n'.join(parts) + '\n'


def _head(values: Mapping[str, Any]) -> str:
    """The front matter. JSON is YAML."""
    data, metrics = _of(values, 'data'), _of(values, 'metrics')
    is_text = values['vocabulary']['tokens'] != 'id'
    licence = data.get('licence', '').lower()
    head = {
        'license': licence if IDENTIFIER.fullmatch(licence) else UNKNOWN,
        'language': data.get('language'),
        'library_name': LIBRARY,
        'pipeline_tag': 'text-generation' if is_text else None,
        'tags': ['seqgan', 'lstm', 'keras', 'tensorflow', *(['music'] if data.get('dataset') == 'music' else [])],
        'metrics': list(metrics.get('values', {})) or None,
    }
    lines = (f'{name}: {json.dumps(value, ensure_ascii=False)}' for name, value in head.items() if value)
    return '\n'.join(['---', *lines, '---', ''])


def _title(values: Mapping[str, Any]) -> str:
    name, algorithm = _of(values, 'data').get('name'), _of(values, 'algorithm')
    title = f'{_line(name)}: a generator trained by {algorithm["name"]}' if name else 'A generator'
    length, size, tokens = (
        values['sequence_length'],
        len(values['vocabulary']['symbols']),
        values['vocabulary']['tokens'],
    )
    about = f'An LSTM that draws sequences of at most {length} symbols, one after the other. '
    about += f'It knows {size:,} symbols, of the kind `{tokens}`: {TOKEN_KINDS[tokens].help}.'
    if algorithm:
        about += f' It was trained by `{algorithm["name"]}`: {algorithm["summary"]}.'
    return f'# {title}\n\n{about}\n'


def _use(values: Mapping[str, Any]) -> Iterator[str]:
    yield (
        '## Use\n\n```python\nimport seqgan_tf\n\n'
        "trained = seqgan_tf.load('PATH')  # of this directory; or hf://USER/NAME, where it is on the Hub\n"
        'print(trained.generate(5, seed=1))\n```\n'
    )
    yield (
        'It is meant for research and teaching on the generation of sequences, and for play. It is not meant as a '
        'source of facts, nor for decisions about people.\n'
    )


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    rows = {
        'name': data['name'],
        'what': data['summary'],
        'source': data.get('source', 'not stated'),
        'licence': data.get('licence', 'not stated'),
        'citation': data.get('citation', ''),
    }
    yield '## Data\n'
    yield _table(('fact', 'value'), [(name, value) for name, value in rows.items() if value])
    checksums = [(f'`{name}`', '', f'`{digest}`') for name, digest in data.get('files', {}).items()]
    checksums += [
        (f'{part} rows', f'{of["rows"]:,}', f'`{of["sha256"]}`') for part, of in data.get('parts', {}).items()
    ]
    yield 'Checksums of the files of the corpus, and of the rows that were made of them, as ids in int32:\n'
    yield _table(('of', 'rows', 'SHA-256'), checksums)


def _metrics(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield '## Metrics\n'
    if not metrics:
        yield 'None were recorded.\n'
        return
    where = (
        'closing evaluation' if metrics['phase'] == 'final' else f'phase {metrics["phase"]}, round {metrics["round"]}'
    )
    yield f'From {metrics["samples"]:,} samples at temperature 1 ({where}), of one run with one seed.\n'
    yield _table(
        ('metric', 'value', 'unit', 'what'),
        [(f'`{name}`', f'{of["value"]:.4g}', of['unit'], of['meaning']) for name, of in metrics['values'].items()],
    )


def _limits(values: Mapping[str, Any]) -> Iterator[str]:
    measured = _of(values, 'metrics').get('values', {})
    copied = (
        f'Of the samples, {measured["copied"]["value"]:.1%} are training rows, word for word.'
        if 'copied' in measured
        else 'Whether samples are copies of training rows was not measured.'
    )
    lines = [
        'It has learnt from its training rows alone. It follows no instructions, states no facts, and can repeat what '
        'is false or offensive in the data.',
        copied,
        'Likelihoods compare only with those of models of the same data and the same symbols.',
    ]
    if values['parameters'].get('discriminator'):
        lines.append(
            '`prob_real` is the judgement of a discriminator that was trained against this generator. It does not tell '
            'whether a person wrote a text.'
        )
    yield '\n'.join(['## Limits\n', *(f'- {line}' for line in lines), ''])


def _model(values: Mapping[str, Any]) -> Iterator[str]:
    yield '## Model\n'
    rows = [(f'{name}: parameters', f'{number:,}') for name, number in values['parameters'].items()]
    names = ('embedding_dim', 'hidden_dim', 'layers')
    rows += [(f'generator: {name}', str(values['generator'][name])) for name in names]
    yield _table(('fact', 'value'), rows)


def _training(values: Mapping[str, Any]) -> Iterator[str]:
    yield '## Training\n'
    if values['run']:
        yield f'```\n{values["run"]["command"]}\n```\n'
        yield 'Settings that the command does not name have their defaults. `model.json` has all of them.\n'
    else:
        yield 'The networks were exported without a run, so its settings are not known.\n'
    versions = ', '.join(f'{name} {version}' for name, version in values['versions'].items())
    yield f'Written by {versions}.'


def _of(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One of the facts of the run; empty without a run."""
    return (values['run'] or {}).get(name, {})


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ['---'] * len(head), *([_line(cell) for cell in row] for row in rows)]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + '\n'


def _line(text: str) -> str:
    """A text as one line of a table."""
    return ' '.join(text.split()).replace('|', '\\|')
