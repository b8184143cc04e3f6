"""What must hold in every run, one module per subject; each rule reads a finished story and yields what breaks it."""
