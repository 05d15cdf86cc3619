"""The states of the lead's next line, as a table, and what holds along every path through them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.irc.reply_state import (
    WAITING,
    Action,
    Attempt,
    Deciding,
    Happening,
    Idle,
    Moment,
    ReplyMemory,
    ReplyState,
    Sending,
    Typing,
    Writing,
    transition,
)

HERE = frozenset({"ann", "bert", "cleo", "dan"})
TALK, TO_US = Moment("ann", present=HERE), Moment("ann", to_lead=True, present=HERE)
BERT, DUE = Moment("bert", to_lead=True, present=HERE), Moment("bert", present=HERE, due=True)
OUT = Moment("ann", to_lead=True, present=HERE, in_channel=False)
NONE, FOR_ANN = Attempt(), Attempt("ann")
MISSED = Attempt("ann", missed=True)
OVER = Attempt("ann", missed=True, overtaken_by="ann")
EMPTY, BERT_WAITS = ReplyMemory(), ReplyMemory(("bert",))
DROPPED = ReplyMemory(dropped=True)
DECIDE, WRITE, TYPE, SEND = Action.DECIDE, Action.WRITE, Action.TYPE, Action.SEND
CANCEL, REMIND = Action.CANCEL, Action.REMIND
OVERTAKEN, STOPPED = Action.RECORD_OVERTAKEN, Action.RECORD_STOPPED
H = Happening

TABLE = [
    # from nothing
    (Idle(), H.MESSAGE, TALK, Deciding(EMPTY, NONE), (DECIDE,)),
    (Idle(), H.MESSAGE, TO_US, Deciding(EMPTY, FOR_ANN), (DECIDE,)),
    (Idle(), H.LULL, TALK, Deciding(EMPTY, NONE), (DECIDE,)),
    (Idle(), H.MESSAGE, OUT, Idle(), ()),
    (Idle(BERT_WAITS), H.MESSAGE, TO_US, Deciding(ReplyMemory(("ann",)), Attempt("bert", waited=True)), (DECIDE,)),
    (Idle(BERT_WAITS), H.MESSAGE, BERT, Deciding(EMPTY, Attempt("bert", waited=True)), (DECIDE,)),
    (Idle(BERT_WAITS), H.LULL, TALK, Deciding(EMPTY, Attempt("bert", waited=True)), (DECIDE,)),
    (Idle(ReplyMemory(("eve",))), H.MESSAGE, TALK, Deciding(EMPTY, NONE), (DECIDE,)),
    (Idle(BERT_WAITS), H.STOPPED, TALK, Idle(), ()),
    # the usual way
    (Deciding(EMPTY, FOR_ANN), H.CHOSE_SPEECH, TO_US, Writing(EMPTY, FOR_ANN), (WRITE,)),
    (Deciding(DROPPED, FOR_ANN), H.CHOSE_SILENCE, TO_US, Idle(), ()),
    (Deciding(EMPTY, FOR_ANN), H.WROTE_NOTHING, TO_US, Idle(), ()),
    (Writing(EMPTY, FOR_ANN), H.WROTE, TO_US, Typing(EMPTY, FOR_ANN), (TYPE,)),
    (Writing(EMPTY, FOR_ANN), H.WROTE_NOTHING, TO_US, Idle(), ()),
    (Typing(EMPTY, FOR_ANN), H.TYPED, TO_US, Sending(EMPTY, FOR_ANN), (SEND,)),
    (Sending(DROPPED, FOR_ANN), H.SENT, TO_US, Idle(), ()),
    (Sending(DROPPED, FOR_ANN), H.NOT_SENT, TO_US, Idle(DROPPED), ()),
    (Sending(BERT_WAITS, FOR_ANN), H.SENT, TO_US, Idle(BERT_WAITS), (REMIND,)),
    # somebody speaks meanwhile
    (Deciding(EMPTY, NONE), H.MESSAGE, TALK, Deciding(EMPTY, Attempt(missed=True)), ()),
    (Deciding(EMPTY, NONE), H.MESSAGE, TO_US, Deciding(EMPTY, Attempt(None, missed=True, overtaken_by="ann")), ()),
    (Writing(EMPTY, FOR_ANN), H.MESSAGE, TO_US, Writing(EMPTY, OVER), ()),
    (Writing(EMPTY, FOR_ANN), H.MESSAGE, BERT, Writing(BERT_WAITS, MISSED), ()),
    (Writing(EMPTY, FOR_ANN), H.MESSAGE, DUE, Writing(EMPTY, Attempt("ann", missed=True, hurried=True)), ()),
    (Writing(EMPTY, FOR_ANN), H.LULL, TO_US, Writing(EMPTY, MISSED), ()),
    (Writing(EMPTY, OVER), H.WROTE, TO_US, Deciding(DROPPED, FOR_ANN), (OVERTAKEN, DECIDE)),
    (Writing(EMPTY, Attempt(missed=True, hurried=True)), H.WROTE, DUE,
     Sending(EMPTY, Attempt(missed=True, hurried=True)), (SEND,)),
    (Typing(EMPTY, FOR_ANN), H.MESSAGE, TALK, Typing(EMPTY, MISSED), ()),
    (Typing(EMPTY, FOR_ANN), H.MESSAGE, BERT, Typing(BERT_WAITS, MISSED), ()),
    (Typing(EMPTY, FOR_ANN), H.MESSAGE, TO_US, Deciding(DROPPED, FOR_ANN), (CANCEL, OVERTAKEN, DECIDE)),
    (Typing(EMPTY, FOR_ANN), H.MESSAGE, DUE, Sending(EMPTY, Attempt("ann", missed=True, hurried=True)), (CANCEL, SEND)),
    (Sending(EMPTY, FOR_ANN), H.MESSAGE, TO_US, Sending(ReplyMemory(("ann",)), MISSED), ()),
    (Sending(EMPTY, MISSED), H.SENT, TALK, Deciding(EMPTY, NONE), (DECIDE,)),
    (Sending(BERT_WAITS, MISSED), H.NOT_SENT, TALK, Deciding(EMPTY, Attempt("bert", waited=True)), (DECIDE,)),
    # dropped once: the second line is said, and who spoke up waits
    (Typing(DROPPED, FOR_ANN), H.MESSAGE, TO_US, Typing(ReplyMemory(("ann",), dropped=True), MISSED), ()),
    # overtaken, and then somebody else spoke: the first is not forgotten
    (Writing(EMPTY, OVER), H.WROTE, Moment("cleo", present=HERE),
     Deciding(DROPPED, Attempt("ann", waited=True)), (OVERTAKEN, DECIDE)),
    # stopped
    (Deciding(BERT_WAITS, OVER), H.STOPPED, TO_US, Idle(), (CANCEL, STOPPED)),
    (Writing(EMPTY, FOR_ANN), H.STOPPED, TO_US, Idle(), (CANCEL, STOPPED)),
    (Typing(EMPTY, FOR_ANN), H.STOPPED, TO_US, Idle(), (CANCEL, STOPPED)),
    (Sending(BERT_WAITS, MISSED), H.STOPPED, TO_US, Sending(EMPTY, FOR_ANN), ()),
    # what a state does not know
    (Idle(BERT_WAITS), H.TYPED, TALK, Idle(BERT_WAITS), ()),
    (Typing(EMPTY, NONE), H.SENT, TALK, Typing(EMPTY, NONE), ()),
]  # fmt: skip


@pytest.mark.parametrize(("state", "happening", "moment", "then", "actions"), TABLE)
def test_transitions(
    state: ReplyState, happening: Happening, moment: Moment, then: ReplyState, actions: tuple[Action, ...]
) -> None:
    assert transition(state, happening, moment) == (then, actions)


MOMENTS = st.builds(
    Moment,
    speaker=st.sampled_from(sorted(HERE)),
    to_lead=st.booleans(),
    present=st.frozensets(st.sampled_from(sorted(HERE))),
    due=st.booleans(),
    in_channel=st.booleans(),
)
WORK = {DECIDE: Deciding, WRITE: Writing, TYPE: Typing, SEND: Sending}


@given(st.lists(st.tuples(st.sampled_from(list(Happening)), MOMENTS), max_size=40))
def test_along_every_path_one_thing_is_under_way_and_nobody_who_spoke_is_lost(
    path: list[tuple[Happening, Moment]],
) -> None:
    state: ReplyState = Idle()
    for happening, moment in path:
        before = state
        state, actions = transition(before, happening, moment)
        begun = [action for action in actions if action in WORK]
        assert len(begun) <= 1 and all(isinstance(state, WORK[action]) for action in begun)
        if type(state) is not type(before) and not isinstance(state, Idle):
            assert begun  # every state but Idle has somebody at work
        # What is under way is ended by itself, or cancelled; never left alone.
        if CANCEL in actions:
            assert happening in (H.MESSAGE, H.STOPPED) and not isinstance(before, Idle | Sending)
        assert len(state.memory.waiting) <= WAITING + 1
        assert len(set(state.memory.waiting)) == len(state.memory.waiting)
        if happening is H.MESSAGE and moment.to_lead and moment.in_channel and not isinstance(before, Idle):
            attempt = None if isinstance(state, Idle) else state.attempt
            kept = {*state.memory.waiting, attempt and attempt.answers, attempt and attempt.overtaken_by}
            assert moment.speaker in kept


@given(st.lists(MOMENTS, min_size=1, max_size=30))
def test_a_line_is_dropped_once_at_most_before_one_is_said(moments: list[Moment]) -> None:
    state, drops = transition(Idle(), H.MESSAGE, TO_US)[0], 0
    for moment in moments:
        for happening in (H.CHOSE_SPEECH, H.WROTE, H.MESSAGE, H.TYPED):
            state, actions = transition(state, happening, moment)
            drops += OVERTAKEN in actions
            if SEND in actions:
                drops = 0
                state, _ = transition(state, H.SENT, moment)
            assert drops <= 1
