"""The picture of README.md: values of the characters of two poems, and quality against likelihood.

    python benchmarks/picture.py --workdir=runs/tuned/verse_discriminator/seed_0

Left are the first sample that keeps all rules of the verse and the first that breaks one, with the
mean of two rewards over roll-outs after each character. Right are finished runs of one seed: the
temperature curve of the MLE, and what started from it.
"""

import pathlib

import matplotlib
import numpy as np
import tensorflow as tf
from absl import app, flags

from seqgan_tf.data.verse import VERSE_LENGTH, verse_validity
from seqgan_tf.errors import RunError
from seqgan_tf.policies.sampling import sample
from seqgan_tf.report import style, token_values
from seqgan_tf.report.curves import sampler_curve
from seqgan_tf.report.runs import read_run
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.running.trained import load

HERE = pathlib.Path(__file__).parent
RUNS = {  # directory: what the picture calls it
    'verse_mle': 'MLE',
    'verse_seqgan': 'SeqGAN from there',
    'verse_constant': 'control: constant reward',
}
PLANE = ('nll_test', 'valid_all')
SAMPLES = 64  # among which the two poems are found

flags.DEFINE_string('workdir', None, 'of a run of verse with a discriminator', required=True)
flags.DEFINE_string('runs', str(HERE / 'results/tuned/verse/runs'), 'directory of the finished runs on the right')
flags.DEFINE_string('out', str(HERE / 'results/picture.png'), 'the picture')
flags.DEFINE_integer('num_rollouts', 256, 'of each character', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'of samples, roll-outs, and the runs on the right', lower_bound=0)
FLAGS = flags.FLAGS


def poems_with_values(trained):
    """Texts of the two poems, and {name of the reward: Q [2, T]}."""

    def keeps_rules(tokens):
        texts = trained.vocabulary.decode(tokens.numpy())
        return tf.constant([verse_validity([text])['valid_all'] for text in texts], tf.float32)

    drawn = sample(trained.generator, SAMPLES, trained.sequence_length, (FLAGS.seed, 1))
    kept = keeps_rules(drawn).numpy()
    tokens = tf.gather(drawn, [int(np.argmax(kept)), int(np.argmin(kept))])
    rewards = {'keeps all rules': keeps_rules, "discriminator's P(real)": trained.discriminator.prob_real}
    values = {
        name: action_values(trained.generator, reward, tokens, FLAGS.num_rollouts, (FLAGS.seed, 2)).numpy()
        for name, reward in rewards.items()
    }
    return [text.replace(' ', '') for text in trained.vocabulary.decode(tokens.numpy())], values


def draw_plane(ax):
    """The temperature curve of the MLE and the final point of each run."""
    runs = {name: read_run(pathlib.Path(FLAGS.runs) / name / f'seed_{FLAGS.seed}') for name in RUNS}
    curve = sampler_curve(runs['verse_mle'], 'temperature', *PLANE)
    curve = curve[(0.5 <= curve[:, 0]) & (curve[:, 0] <= 1.5)]
    ax.plot(*curve[:, 1:].T, color=style.GREY, marker='.', zorder=1)
    for temperature, x, y in curve[[0, -1]]:
        above = dict(textcoords='offset points', ha='center', color=style.GREY)
        ax.annotate(f'T {temperature:.1f}', (x, y), (0, 7) if temperature < 1 else (24, -3), **above)
    for i, (name, title) in enumerate(RUNS.items()):
        point = [runs[name].final[metric] for metric in PLANE]
        look = dict(color=style.colour(i + 2), marker=style.marker(i), markersize=8, markeredgecolor='white')
        ax.plot(*point, linestyle='', label=title, **look)
    ax.plot([], [], color=style.GREY, marker='.', label='MLE at temperature T')
    ax.margins(0.1)
    ax.set(xlabel='NLL of held-out poems (nats a character)', ylabel='share that keeps all rules')
    ax.legend(loc='lower right')


def main(_):
    """Draws the picture."""
    matplotlib.rcParams.update(style.STYLE)
    texts, values = poems_with_values(load(FLAGS.workdir))
    font = style.font_for(''.join(texts))
    if font is None:
        raise RunError('an installed font must have the characters of the poems, such as Noto Sans CJK')
    figure, _ = style.figure(1, 1, 3.5)
    figure.clear()
    axes = figure.subplot_mosaic([['kept', 'plane'], ['broken', 'plane']], width_ratios=[1.5, 1])
    for name, text, *of_text in zip(('kept', 'broken'), texts, *values.values()):
        token_values.draw(axes[name], text, dict(zip(values, of_text)), VERSE_LENGTH, font)
    axes['kept'].legend(loc='lower right', ncols=2)
    draw_plane(axes['plane'])
    pathlib.Path(FLAGS.out).write_bytes(style.png(figure))


if __name__ == '__main__':
    app.run(main)
