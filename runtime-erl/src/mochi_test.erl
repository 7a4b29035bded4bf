-module(mochi_test).
-moduledoc """
`test "..."` blocks and `expect`, for EUnit and by themselves.

`tests/1` gives blocks as a set of EUnit tests; what `expect/2` and `equal/3` raise is what EUnit's macros raise, so a failure is reported with its place and values. `run/2` needs
no EUnit: it prints a line per block as `mochi test` does.
""".

-export([tests/1, expect/2, equal/3, run/2]).
-export_type([block/0]).

-type block() :: {Name :: binary(), fun(() -> term())}.

-doc "The blocks as EUnit's tests: each in a process of its own, with the program's state to itself.".
-spec tests([block()]) -> [{string(), fun(() -> term())}].
tests(Blocks) -> [{unicode:characters_to_list(Name), fun() -> alone(F) end} || {Name, F} <- Blocks].

%% A block sees no other's globals and leaves no agents.
alone(F) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({block, block(F)}) end),
    receive
        {'DOWN', Ref, process, Pid, {block, {ok, V}}} -> V;
        {'DOWN', Ref, process, Pid, {block, {raise, Class, Reason, Stack}}} -> erlang:raise(Class, Reason, Stack);
        {'DOWN', Ref, process, Pid, Reason} -> exit(Reason)
    end.

block(F) ->
    mochi_agent:init_root(),
    try {ok, F()}
    catch Class:Reason:Stack -> {raise, Class, Reason, Stack}
    after mochi_agent:stop_all()
    end.

-doc "`expect condition`; `Info` says where, as EUnit has it: `module`, `line`, `expression`.".
-spec expect(term(), proplists:proplist()) -> true.
expect(Condition, Info) ->
    case mochi_core:truthy(Condition) of
        true -> true;
        false -> erlang:error({assert, Info ++ [{expected, true}, {value, Condition}]})
    end.

-doc "`expect a == b`, with both values in the report.".
-spec equal(term(), term(), proplists:proplist()) -> true.
equal(Expected, Value, Info) ->
    case mochi_core:eq(Expected, Value) of
        true -> true;
        false -> erlang:error({assertEqual, Info ++ [{expected, Expected}, {value, Value}]})
    end.

-doc "Runs blocks one after the other and prints a line for each. The status of the program: 1 if one failed.".
-spec run(binary(), [block()]) -> 0 | 1.
run(File, Blocks) ->
    io:put_chars([File, $\n]),
    Failed = lists:sum([one(B) || B <- Blocks]),
    case Failed of
        0 -> 0;
        N ->
            io:put_chars(standard_error, [<<"[FAIL] ">>, integer_to_binary(N), <<" test(s) failed.\n">>]),
            1
    end.

one({Name, F}) ->
    Start = erlang:monotonic_time(microsecond),
    {Count, Text} = try alone(F) of
                        _ -> {0, <<"ok">>}
                    catch Class:Reason -> {1, [<<"fail ">>, why(Class, Reason)]}
                    end,
    Ms = (erlang:monotonic_time(microsecond) - Start) / 1000,
    Dots = case Count of 0 -> <<" ... ">>; 1 -> <<" ">> end,
    io:put_chars([<<"   test ">>, string:pad(Name, 30), Dots, Text, io_lib:format(" (~.1fms)~n", [Ms])]),
    Count.

why(error, {mochi, Message}) -> Message;
why(error, {mochi_panic, Message}) -> Message;
why(error, {Kind, Info}) when Kind =:= assert; Kind =:= assertEqual ->
    case proplists:get_value(expression, Info) of
        undefined -> <<"expect condition failed">>;
        E -> [<<"expect condition failed: ">>, E]
    end;
why(Class, Reason) -> io_lib:format("~w: ~tw", [Class, Reason]).
