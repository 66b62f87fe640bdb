"""What all tests share."""

import pathlib

import pytest

from seqgan_tf.running.startup import load_tensorflow

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Modules of real processes, servers, whole runs and compiled graphs: minutes in all.
SLOW = """
    algorithms card claims claims_evaluation closing commands cpp deploy deployment_files discriminators_table
    dry_run examples experiment export export_commands generalising given learning_from_search music_runs nginx operator prefix_values
    playground_page playground_served pretrained python_guide registries resume rollout run_data sampling serving serving_check
    serving_filters serving_fuzz serving_kinds serving_labels serving_real serving_server serving_versions start_from steps sweep
    sweep_shards train_command
    trained values_of_runs
""".split()

load_tensorflow()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem.removeprefix('test_') in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope='session')
def data_dir():
    """A folder of public corpora beside the project; the tests that measure on them skip where it is absent."""
    path = ROOT.parent / 'shared' / 'data'
    if not path.is_dir():
        pytest.skip(f'no corpora at {path}')
    return path
