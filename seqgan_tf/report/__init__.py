"""The report of a study: tables, figures and a page, made from finished runs.

The command is `python -m seqgan_tf.report RUN... --out=DIR`.
"""
