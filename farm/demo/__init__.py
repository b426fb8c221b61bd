"""Simulated scenes of an invented farm, and the reader of folders of scenes, real or simulated.

Everything this package writes says that it is simulated: in the scene's name, in the files' tags
and in the metadata.
"""
