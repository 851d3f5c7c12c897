"""How a picture of synthetic faces is made; ``adaanchor_d2.data.synthetic`` is the way in.

``traits`` and ``look`` say what a face is, ``surface`` gives it its shape and ``landmarks`` finds
WFLW's 98 places on it; ``skin_map``, ``skin_tones`` and ``skin`` paint the flat map of its skin,
``hair`` and ``mesh`` make the rest of the ``head``, which ``raster`` turns into pixels; ``wear``
and ``occluders`` hide parts of it; ``light`` is light and blur; ``image`` composes all;
``attributes`` says when a flag is set.
"""
