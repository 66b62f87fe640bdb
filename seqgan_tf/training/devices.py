"""What is fast on this machine: the meaning of the setting 'auto'."""

import pathlib

import tensorflow as tf

CPU_INFO = pathlib.Path('/proc/cpuinfo')  # Linux only; without it the choice is float32


def compute_dtype(precision: str) -> tf.DType:
    """The type of the discriminator's products: a type by its name, or the choice of 'auto'.

    'auto' is bfloat16 on a CPU that multiplies it natively, and float32 elsewhere. Other CPUs
    emulate bfloat16, at many times the cost.
    """
    if precision != 'auto':
        return tf.dtypes.as_dtype(precision)
    flags = CPU_INFO.read_text().split() if CPU_INFO.exists() else ()
    native = any(flag in flags for flag in ('avx512_bf16', 'amx_bf16')) and not tf.config.list_physical_devices('GPU')
    return tf.bfloat16 if native else tf.float32


def rollout_rows(vocab_size: int) -> int:
    """How many roll-outs run side by side, from 64 to 1,024.

    The logits of a step then stay in a CPU's caches.
    """
    return max(64, min(1024, 2_500_000 // vocab_size))
