-module(mochi_stream).
-moduledoc """
Streams: who handles which, and delivery.

The process that runs the program keeps the list. `emit/2` returns when all handlers have run: top-level handlers in the order of their
registration, then agents in the order of their instantiation. A handler that emits is served at once, inside.
""".

-export([on/2, emit/2, subscribe/2, add_handler/2, deliver/2]).

-doc "Registers a top-level handler.".
-spec on(atom(), fun((term()) -> term())) -> nil.
on(Stream, Fun) ->
    mochi_agent:ask(mochi_agent:root(), {on, Stream, Fun}),
    nil.

-doc "Sends an event to all who handle the stream, and waits for them.".
-spec emit(atom(), term()) -> nil.
emit(Stream, Event) ->
    mochi_agent:ask(mochi_agent:root(), {emit, Stream, mochi_cell:pack(Event)}),
    nil.

-doc "In the program's process: one more handler.".
-spec add_handler(atom(), fun((term()) -> term())) -> ok.
add_handler(Stream, Fun) -> add({'$on', Stream}, Fun).

-doc "In the program's process: one more agent.".
-spec subscribe(atom(), pid()) -> ok.
subscribe(Stream, Pid) -> add({'$agents_on', Stream}, Pid).

-doc "In the program's process: runs all handlers.".
-spec deliver(atom(), term()) -> ok.
deliver(Stream, Packed) ->
    lists:foreach(fun(F) -> F(mochi_cell:unpack(Packed)) end, lists:reverse(list({'$on', Stream}))),
    lists:foreach(fun(Pid) -> mochi_agent:event(Pid, Stream, Packed) end, lists:reverse(list({'$agents_on', Stream}))).

add(Key, X) ->
    erlang:put(Key, [X | list(Key)]),
    ok.

list(Key) ->
    case erlang:get(Key) of
        undefined -> [];
        L -> L
    end.
