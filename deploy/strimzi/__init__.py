"""Topics and users of Voxpop for a Kafka that Strimzi runs."""
