"""What keeps the actors alive: the supervisor, the timer, the children of the machine."""
