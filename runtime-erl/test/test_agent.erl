-module(test_agent).
-moduledoc "An agent for the tests: a number, a log of events, and ways to crash.".
-behaviour(mochi_agent).
-export([construct/1, intent/3, event/3, on_close/2]).

construct({fail, Why}) -> error(Why);
construct({exit, Why}) -> exit(Why);
construct(N) when is_integer(N) -> #{n => N, events => [], tell => none};
construct({N, Tell}) -> #{n => N, events => [], tell => Tell}.

intent(add, [X], #{n := N} = S) -> {N + X, S#{n := N + X}};
intent(<<"add">>, Args, S) -> intent(add, Args, S);
intent(value, [], #{n := N} = S) -> {N, S};
intent(events, [], #{events := E} = S) -> {lists:reverse(E), S};
intent(keep, [V], S) -> {ok, S#{kept => V}};
intent(slow, [Ms], S) -> timer:sleep(Ms), {slow, S};
intent(ask, [Agent, Intent, Args], S) -> {mochi_agent:call(Agent, Intent, Args), S};
intent(pid, [], S) -> {self(), S};
intent(fail, [Message], _) -> mochi_core:fail(Message);
intent(crash, [Why], _) -> exit(Why);
intent(leave, [], _) -> exit(normal).

event(Stream, Event, #{events := E, tell := Tell} = S) ->
    is_pid(Tell) andalso (Tell ! {event, self(), Stream, Event}),
    S#{events := [{Stream, Event} | E]}.

on_close(Reason, #{tell := Tell}) when is_pid(Tell) -> Tell ! {closed, self(), Reason};
on_close(_, #{n := bad}) -> error(bad);
on_close(_, _) -> ok.
