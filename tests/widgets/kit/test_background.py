"""The background thread of widgets."""

import threading

from latentlab.widgets.kit.background import BackgroundWorker


def test_a_job_that_fails_does_not_block_the_next(qtbot, monkeypatch, qapp):
    errors, results = [], []
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(args.exc_value))
    worker = BackgroundWorker(qapp)
    worker.done.connect(results.append)
    worker.run(lambda: 1 / 0)
    worker.run(lambda: "next")
    qtbot.waitUntil(lambda: results == ["next"])
    assert isinstance(errors[0], ZeroDivisionError)
    assert not worker.busy
    worker.deleteLater()
