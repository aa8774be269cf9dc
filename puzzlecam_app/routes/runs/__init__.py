"""Routes of the Runs page."""

from puzzlecam_app.routes.runs import control, results, show

ROOMS = (show, control, results)
