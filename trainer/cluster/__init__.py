"""Work on the nodes of a Ray cluster. Ray is imported only when it is asked for."""
