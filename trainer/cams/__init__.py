"""Class activation maps: classifiers, views of a picture, and what explains a map."""
