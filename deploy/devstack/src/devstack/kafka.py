"""Apache Kafka for the contract tests: fetched by Maven, run by Java, one node in KRaft mode on 127.0.0.1."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import uuid
from pathlib import Path

from devstack.broker_process import BrokerProcess
from devstack.data_folder import REPOSITORY
from devstack.processes import kept_port

_POM = REPOSITORY / "deploy" / "kafka" / "pom.xml"


def fetch_jars(folder: Path) -> Path:
    """The folder below ``folder`` that holds Kafka's jars, filled by Maven when it does not exist yet.

    Raises RuntimeError when Maven is absent or does not succeed.
    """
    jars = folder / hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    if jars.exists():
        return jars
    if shutil.which("mvn") is None or shutil.which("java") is None:
        raise RuntimeError("Apache Kafka needs Maven and Java 17 (Debian: maven, openjdk-17-jre-headless)")
    unfinished = jars.with_suffix(".unfinished")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
    fetched = subprocess.run(["mvn", "-q", "-B", "-f", str(_POM), *goal], capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        raise RuntimeError(f"Maven could not fetch Apache Kafka:\n{fetched.stdout[-2000:]}{fetched.stderr[-2000:]}")
    unfinished.rename(jars)
    return jars


class ApacheKafka(BrokerProcess):
    """One Kafka node that is broker and controller, with ``jars`` from `fetch_jars`."""

    def __init__(self, data_dir: Path, jars: Path) -> None:
        super().__init__(data_dir)
        self._java = ["java", "-Xmx512m", "-cp", f"{jars}/*"]

    def _command(self, port: int) -> list[str]:
        properties = self.data_dir / "server.properties"
        controller = kept_port(self.data_dir / "controller.port")
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.data_dir / "log"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            # As short as in our own broker, so that tests of dead members and restarts do not wait for long.
            "group.initial.rebalance.delay.ms": "250",
            "group.min.session.timeout.ms": "1000",
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "500",
        }
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (self.data_dir / "log" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            subprocess.run(
                [*self._java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)],
                check=True,
                capture_output=True,
            )
        return [*self._java, "kafka.Kafka", str(properties)]
