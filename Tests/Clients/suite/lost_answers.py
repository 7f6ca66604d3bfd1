"""Idempotent producers whose answers get lost send again; the log has each record once."""

import functools

import topics
from broker import Broker
from load import LOADS, Load, await_progress, check_log
from proxy import LossyProxy
from registry import add
from seeds import new_seed
from waiting import until


def sent_again(broker: Broker, kind: type[Load]) -> None:
    topic = "lost-answers"
    proxy = LossyProxy(new_seed(), loss=0.1)
    with Broker(broker.moldau, {"--advertise": proxy.address}).start() as own:
        proxy.serve(own.address)
        own.address = proxy.address
        topics.create(own, topic, 3)
        load = kind(own, topic, 3)
        until("answers were lost", lambda: proxy.lost_count >= 10)
        await_progress([load], 300)
        load.end()
        check_log(own, [load])
        print(f"{proxy.lost_count} answers lost")


for _kind in LOADS:
    add(f"lost_answers.{_kind.name}", functools.partial(sent_again, kind=_kind), 120)
