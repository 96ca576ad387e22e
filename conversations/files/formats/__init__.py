"""What files from people are, and what is made of them: see ``inspection``.

Everything here runs in worker processes: no Django, bytes in, plain values and dataclasses out.
"""
