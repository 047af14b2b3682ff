"""Parts of the service killed while they work: nothing is lost, nothing is done twice."""
