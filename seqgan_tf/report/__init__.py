"""The report of a study: `python -m seqgan_tf.report RUN... --out=DIR` makes tables, figures and a page from finished runs."""
