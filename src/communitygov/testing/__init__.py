"""What tests of profiles are made with."""
