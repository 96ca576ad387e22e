"""Foreign bytes are decoded in processes of their own: see ``pool``.

Nothing is imported here, because a worker process begins with this package and needs no Django.
"""
