"""What this machine does fast: the meaning of the setting 'auto'."""

import pathlib

import tensorflow as tf

CPU_INFO = pathlib.Path('/proc/cpuinfo')  # Linux; elsewhere nothing is known, and the safe choice is taken


def scoring_dtype(precision):
    """The type in which roll-outs are scored. 'auto': bfloat16 on a CPU that multiplies it natively, else float32.

    Elsewhere bfloat16 is emulated on CPUs, at many times the cost. Training is in float32 always.
    """
    if precision != 'auto':
        return tf.dtypes.as_dtype(precision)
    flags = CPU_INFO.read_text().split() if CPU_INFO.exists() else ()
    native = any(flag in flags for flag in ('avx512_bf16', 'amx_bf16')) and not tf.config.list_physical_devices('GPU')
    return tf.bfloat16 if native else tf.float32


def rollout_rows(vocab_size):
    """How many roll-outs run side by side: so many that a step's logits stay in a CPU's caches, at most 1,024."""
    return max(64, min(1024, 2_500_000 // vocab_size))
