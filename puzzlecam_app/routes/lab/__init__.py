"""Routes of the Lab page."""

from puzzlecam_app.routes.lab import compare, dataset_compare, figures, picture, survey

ROOMS = (picture, compare, survey, dataset_compare, figures)
