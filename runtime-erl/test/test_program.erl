-module(test_program).
-moduledoc "Runs a function as a program does: in a process of its own that owns globals and agents; gives its result.".
-export([run/1]).

run(F) ->
    {Pid, Ref} = spawn_monitor(fun() ->
                                       mochi_agent:init_root(),
                                       R = try {ok, F()} catch C:E:S -> {raise, C, E, S} after mochi_agent:stop_all() end,
                                       exit({result, R})
                               end),
    receive
        {'DOWN', Ref, process, Pid, {result, {ok, V}}} -> V;
        {'DOWN', Ref, process, Pid, {result, {raise, C, E, S}}} -> erlang:raise(C, E, S);
        {'DOWN', Ref, process, Pid, Why} -> exit(Why)
    end.
