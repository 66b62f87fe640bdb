"""Melodies: their ids, and the files, pictures and sounds that are made of them."""
