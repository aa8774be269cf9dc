"""Routes of the Lab page."""

from puzzlecam_app.routes.lab import compare, dataset_compare, explain, figures, picture, survey

ROOMS = (picture, explain, compare, survey, dataset_compare, figures)
