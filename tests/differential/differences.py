"""Where pgsm differs from XState on purpose, as changes of XState's source.

A random machine on which the two differ is explained when XState with these changes
does what pgsm does; anything else is a failure.  What each one is about, with its
reason: docs/explanation/xstate-differences.md.
"""

from __future__ import annotations

Change = tuple[str, str]

MENDS: dict[str, list[Change]] = {
    "document order": [
        (
            "const nextStateNodes = [...mutStateNodeSet];",
            """const nextStateNodes = [...mutStateNodeSet].sort(
              (a, b) => a.order - b.order);""",
        )
    ],
    "initial actions run wherever a state is entered by default": [
        (
            """          statesToEnter.add(child);
          addDescendantStatesToEnter(child,""",
            """          statesToEnter.add(child);
          statesForDefaultEntry.add(child);
          addDescendantStatesToEnter(child,""",
        ),
        (
            """        statesToEnter.add(s);
        addDescendantStatesToEnter(s,""",
            """        statesToEnter.add(s);
        statesForDefaultEntry.add(s);
        addDescendantStatesToEnter(s,""",
        ),
        (
            """        statesToEnter.add(s);
        if (historyDefaultTransition""",
            """        statesToEnter.add(s);
        statesForDefaultEntry.add(s);
        if (historyDefaultTransition""",
        ),
    ],
    "only what has been left is entered": [
        (
            "[...statesToEnter].sort(",
            """[...statesToEnter].filter(
              s => isInitial || !mutStateNodeSet.has(s)).sort(""",
        ),
        (
            """    for (const s of t.target || []) {
      if (!isHistoryNode(s)""",
            """    if (domain && isAtomicStateNode(domain)) continue;
    for (const s of t.target || []) {
      if (!isHistoryNode(s)""",
        ),
    ],
    "the history of a parallel state stands for its regions": [
        ("target: [stateNode.parent]\n", "target: getChildren(stateNode.parent)\n")
    ],
    "cancel drops all delayed events of an id": [
        (
            """        delete timerMap[scheduledEventId];
        delete system._snapshot._scheduledEvents[scheduledEventId];
        system._relay""",
            """        timerMap[scheduledEventId]?.delete(timeout);
        system._relay""",
        ),
        (
            "timerMap[scheduledEventId] = timeout;",
            "(timerMap[scheduledEventId] ??= new Set()).add(timeout);",
        ),
        (
            "clock.clearTimeout(timeout);",
            "for (const one of timeout) clock.clearTimeout(one);",
        ),
    ],
    "an eventless transition that changes nothing is taken once": [
        (
            "historyValue === currentSnapshot.historyValue &&",
            """Object.keys(historyValue).every(id => areStateNodeCollectionsEqual(
              historyValue[id], new Set(currentSnapshot.historyValue[id]))) &&""",
        )
    ],
}
