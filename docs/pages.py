"""The hooks of mkdocs.yml: the site has the tree of the repository, so that a link holds on both.

The pages are those of the navigation, and what they link to. A notebook becomes the page of its
name, with its committed outputs.
"""

import pathlib
import re

import nbconvert
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

LINK = re.compile(r'(?:\]\(|^\[[^\]]+\]: )([^)\s#]+)', re.MULTILINE)
NOTEBOOK = re.compile(r'(\]\([^)\s:]+)\.ipynb(?=[)#])')


@event_priority(100)
def on_files(files, config):
    """Puts the files of the repository in the place of those of docs_dir."""
    root = pathlib.Path(config.config_file_path).parent
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    for path in sorted(linked(root, pages_of(config.nav))):
        files.append(File(path.as_posix(), str(root), config.site_dir, config.use_directory_urls))
        if path.suffix == '.ipynb':
            for name, content in rendered(root / path).items():
                made = (path.parent / name).as_posix()
                files.append(File.generated(config, made, content=content))
    return files


def on_page_markdown(markdown, page, **_):
    """A link to a notebook leads to its page. The page of a notebook links to the file itself."""
    return markdown if page.file.generated_by else NOTEBOOK.sub(r'\1.md', markdown)


def pages_of(nav):
    """The pages of a navigation, as paths."""
    for entry in nav:
        for target in entry.values():
            if isinstance(target, str):
                yield pathlib.PurePosixPath(target)
            else:
                yield from pages_of(target)


def linked(root, pages):
    """The files of these pages and all that they link to inside the repository, as paths from its root."""
    found, waiting = set(), [source_of(root, page) for page in pages]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            targets = LINK.findall((root / path).read_text('utf-8')) if path.suffix == '.md' else []
            files = ((root / path.parent / target).resolve() for target in targets)
            waiting += [file.relative_to(root) for file in files if file.is_file() and file.is_relative_to(root)]
    return found


def source_of(root, page):
    """The file that a page is made of: itself, or the notebook of its name."""
    return pathlib.Path(page if (root / page).is_file() else page.with_suffix('.ipynb'))


def rendered(path):
    """{name: content} of the page of a notebook and of its figures."""
    body, resources = nbconvert.MarkdownExporter().from_filename(
        path, resources={'output_files_dir': f'{path.stem}_files'}
    )
    return {f'{path.stem}.md': f'{body}\n\n[{path.name}]({path.name}), the notebook itself\n'} | resources['outputs']
