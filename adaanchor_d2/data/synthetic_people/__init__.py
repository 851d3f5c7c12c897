"""How a picture of synthetic people is made; ``adaanchor_d2.data.synthetic`` is the way in.

``pose`` bends a skeleton, ``body`` puts it into space and before a camera, ``parts`` orders what is
seen of it, ``figure`` draws it in the clothes of ``clothes`` with the ``head``; ``image`` composes
all; ``visibility`` tells from the pixels on top which keypoints are visible, ``labels`` and
``mpii_labels`` make annotations of that.
"""
