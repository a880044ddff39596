"""Everything that touches the outside: schemas, Kafka, Redis, feature sources."""
