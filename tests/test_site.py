"""The site: its pages, its reference, and a build without a warning."""

import pathlib
import re
import subprocess
import sys

import pytest
import yaml

import seqgan_tf

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = [
    *ROOT.glob('*.md'),
    *(ROOT / 'docs').rglob('*.md'),
    ROOT / 'export' / 'README.md',
    ROOT / 'deploy' / 'README.md',
]
FOREIGN = re.compile(r'<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//|<link\b[^>]*rel="?stylesheet[^>]*//')


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python objects, without making these."""


Loader.add_multi_constructor('tag:yaml.org,2002:python/', lambda loader, suffix, node: suffix)


def pages_of(entries):
    for entry in entries:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else pages_of(target)


def test_the_navigation_has_every_page_once():
    nav = list(pages_of(yaml.load((ROOT / 'mkdocs.yml').read_text('utf-8'), Loader)['nav']))
    notebooks = (path.with_suffix('.md') for path in (ROOT / 'notebooks').glob('*.ipynb'))
    assert sorted(nav) == sorted(str(path.relative_to(ROOT)) for path in (*PAGES, *notebooks))


def test_the_reference_has_every_public_name_once():
    text = (ROOT / 'docs' / 'api.md').read_text('utf-8')
    named = re.findall(r'^::: (seqgan_tf[\w.]+)$', text, re.MULTILINE)
    assert sorted(named) == sorted(f'seqgan_tf.{home}.{name}' for name, home in seqgan_tf._HOMES.items())


def test_the_site_is_built_and_asks_no_other_host(tmp_path):
    pytest.importorskip('mkdocs', reason='the site needs the extra `docs`')
    done = subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--strict', '--site-dir', tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    pages = {path: path.read_text('utf-8') for path in tmp_path.rglob('*.html') if 'benchmarks' not in path.parts}
    assert [str(path) for path, text in pages.items() if FOREIGN.search(text)] == []
    reference = pages[tmp_path / 'docs' / 'api' / 'index.html']
    missing = [n for n, home in seqgan_tf._HOMES.items() if f'id="seqgan_tf.{home}.{n}"' not in reference]
    assert missing == []
    assert 'tour_files/' in pages[tmp_path / 'notebooks' / 'tour' / 'index.html']
