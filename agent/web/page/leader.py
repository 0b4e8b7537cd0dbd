"""Which of several agents on one store decides, in words."""

from __future__ import annotations

from leverwatch.agent.snapshot import AgentSnapshot


def who_decides(agent: AgentSnapshot | None) -> str:
    """Return a sentence that follows another one; empty where the store has one agent, or has not told yet."""
    if agent is None or agent.leader is None:
        return ""
    if agent.leader.leads:
        return f" This agent, {agent.leader.agent}, decides for all agents on its store."
    return f" The agent {agent.leader.agent} decides, and this one shows what it decided."
