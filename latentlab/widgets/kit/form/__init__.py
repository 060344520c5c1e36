"""Forms generated from the fields of a configuration."""
