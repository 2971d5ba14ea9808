// The composition root: builds the host and runs it until the process is told to stop.
return 0;
