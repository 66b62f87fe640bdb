"""An adversarial round of the released recipe as the sum of its parts (sequence_gan.py, lines 142 to 176)."""

SAMPLES = 10_000  # real rows, and samples in a negative set
SETS, EPOCHS = 5, 3  # negative sets in a round, and epochs of the discriminator on each


def adversarial_round(parts, batch_size):
    """1 g-step, 5 x (10,000 samples, 3 epochs), of {piece: seconds, or another amount}."""
    steps = SETS * EPOCHS * (2 * SAMPLES // batch_size)
    return parts['generator_step'] + parts['sample_10k'] * SETS + parts['discriminator_step'] * steps
