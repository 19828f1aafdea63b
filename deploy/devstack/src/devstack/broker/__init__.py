"""A Kafka broker for one machine: development, tests and the demo. Production uses Apache Kafka.

One process, one node, no replication, no encryption, no accounts, 127.0.0.1 only. Within that it keeps Kafka's promises
towards aiokafka's clients: a log on disk in which nothing acknowledged is lost when the process is killed, order and gapless
offsets per partition, idempotent producers, consumer groups with committed offsets, retention by size and time. It refuses
what it does not do: transactions, compaction, topics that nobody created. Why it exists: docs/adr/0003-own-broker.md. The
contract suite tests/contract/broker holds it and Apache Kafka to the same behaviour.

    python -m devstack.broker --port 9092 --data-dir DIR
"""
