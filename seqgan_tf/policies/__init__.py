"""What any policy can be asked: draw, sample, score, filter, temper."""
