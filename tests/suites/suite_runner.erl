%% SPDX-License-Identifier: Apache-2.0
-module(suite_runner).
-moduledoc """
Runs the cases of one common_test suite and prints a line for each.

Small enough to run on a VM that is being built: it needs processes, links, timers and the I/O protocol, no files and no other node. It
knows `all/0`, `groups/0`, `suite/0` and the `init_per_*` and `end_per_*` functions; groups run in their order, whatever their properties
say. What cases write goes to a group leader of ours that can give it back (`ct:capture_*`).

A line is `#case PATH ok`, `#case PATH skip REASON` or `#case PATH fail REASON`, where PATH is `group/case`; `#end` is the last.
""".

-export([main/1]).

%% How long a case may take when it doesn't say, in milliseconds.
-define(PATIENCE, 60000).

-doc """
Runs a suite: `[Suite, DataDir, PrivDir, Scale | Cases]` as strings. All cases when none is named, but for those that are named with a minus in front;
`Scale` stretches time limits.
""".
main([Suite, DataDir, PrivDir, Scale | Cases]) ->
    {Without, Only} = lists:partition(fun(Case) -> hd(Case) =:= $- end, Cases),
    %% Our VM starts no other programs: there are none to be found on either side.
    os:putenv("PATH", PrivDir),
    persistent_term:put({?MODULE, scale}, list_to_integer(Scale)),
    Module = list_to_atom(Suite),
    Config = [{data_dir, DataDir ++ "/"}, {priv_dir, PrivDir ++ "/"}, {tc_logfile, PrivDir ++ "/log"}],
    Wanted = case Only of
                 [] -> fun(Case) -> not lists:member([$- | atom_to_list(Case)], Without) end;
                 _ -> fun(Case) -> lists:member(atom_to_list(Case), Only) end
             end,
    Module = Module:module_info(module),
    State = #{module => Module, wanted => Wanted, groups => groups(Module), limit => limit(suite_info(Module))},
    suite(State, Config),
    line("#end", []).

groups(Module) ->
    case erlang:function_exported(Module, groups, 0) of
        true -> Module:groups();
        false -> []
    end.

suite_info(Module) ->
    case erlang:function_exported(Module, suite, 0) of
        true -> Module:suite();
        false -> []
    end.

limit(Info) ->
    case lists:keyfind(timetrap, 1, Info) of
        {timetrap, Time} -> milliseconds(Time);
        false -> ?PATIENCE
    end.

milliseconds({hours, N}) -> N * 3600000;
milliseconds({minutes, N}) -> N * 60000;
milliseconds({seconds, N}) -> N * 1000;
milliseconds(infinity) -> infinity;
milliseconds(N) when is_integer(N) -> N;
milliseconds(_) -> ?PATIENCE.

suite(#{module := Module} = State, Config) ->
    case around(State, init_per_suite, [Config]) of
        {ok, Inner} ->
            tests(Module:all(), [], State, Inner),
            around(State, end_per_suite, [Inner]);
        {skip, Why} ->
            line("#case init_per_suite skip", Why);
        {fail, Why} ->
            line("#case init_per_suite fail", Why)
    end.

tests(Tests, Path, State, Config) when is_list(Tests) ->
    lists:foreach(fun(Test) -> test(Test, Path, State, Config) end, Tests).

test({group, Name}, Path, State, Config) -> group(Name, Path, State, Config);
test({group, Name, _}, Path, State, Config) -> group(Name, Path, State, Config);
test({group, Name, _, _}, Path, State, Config) -> group(Name, Path, State, Config);
test({testcase, Case, _}, Path, State, Config) -> test(Case, Path, State, Config);
test({Name, _Properties, Tests}, Path, State, Config) -> group(Name, Tests, Path, State, Config);
test({Name, Tests}, Path, State, Config) when is_list(Tests) -> group(Name, Tests, Path, State, Config);
test(Case, Path, #{wanted := Wanted} = State, Config) when is_atom(Case) ->
    case Wanted(Case) of
        true -> verdict(Path ++ [Case], one_case(Case, State, Config));
        false -> ok
    end.

group(Name, Path, #{groups := Groups} = State, Config) ->
    case lists:keyfind(Name, 1, Groups) of
        {Name, _Properties, Tests} -> group(Name, Tests, Path, State, Config);
        {Name, Tests} -> group(Name, Tests, Path, State, Config);
        false -> verdict(Path ++ [Name], {fail, no_such_group})
    end.

group(Name, Tests, Path, State, Config) ->
    case around(State, init_per_group, [Name, Config]) of
        {ok, Inner} ->
            tests(Tests, Path ++ [Name], State, Inner),
            around(State, end_per_group, [Name, Inner]);
        Other ->
            verdict(Path ++ [Name, init_per_group], Other)
    end.

%% Calls one of the functions around cases, when the suite has it; a new configuration or why there is none.
around(#{module := Module} = State, Function, Args) ->
    Config = lists:last(Args),
    case erlang:function_exported(Module, Function, length(Args)) of
        false ->
            {ok, Config};
        true ->
            case guarded(fun() -> apply(Module, Function, Args) end, State) of
                {value, {skip, Why}} -> {skip, Why};
                {value, {skipped, Why}} -> {skip, Why};
                {value, {skip_and_save, Why, _}} -> {skip, Why};
                {value, {fail, Why}} -> {fail, Why};
                {value, New} when is_list(New) -> {ok, New};
                {value, _} -> {ok, Config};
                {fail, Why} -> {fail, Why}
            end
    end.

one_case(Case, #{module := Module} = State, Config) ->
    Info = case erlang:function_exported(Module, Case, 0) of
               true -> (fun() -> try Module:Case() catch _:_ -> [] end end)();
               false -> []
           end,
    Limit = case lists:keymember(timetrap, 1, Info) of
                true -> limit(Info);
                false -> maps:get(limit, State)
            end,
    Run = fun() ->
                  case optional(Module, init_per_testcase, [Case, Config], Config) of
                      {skip, Why} -> {skip, Why};
                      {fail, Why} -> {fail, Why};
                      Inner ->
                          Result = try Module:Case(Inner)
                                   catch Class:Reason:Stack -> {'$raised', Class, Reason, Stack}
                                   end,
                          try
                              optional(Module, end_per_testcase, [Case, Inner], ok)
                          of
                              {fail, Why} when element(1, Result) =/= '$raised' -> {fail, Why};
                              _ -> Result
                          catch
                              _:_ -> Result
                          end
                  end
          end,
    case guarded(Run, State#{limit := Limit}) of
        {value, {'$raised', throw, {skip, Why}, _}} -> {skip, Why};
        {value, {'$raised', Class, Reason, Stack}} -> {fail, {Class, Reason, Stack}};
        {value, {skip, Why}} -> {skip, Why};
        {value, {skipped, Why}} -> {skip, Why};
        {value, {fail, Why}} -> {fail, Why};
        {value, {failed, Why}} -> {fail, Why};
        {value, {'EXIT', Why}} -> {fail, Why};
        {value, _} -> ok;
        {fail, Why} -> {fail, Why}
    end.

optional(Module, Function, Args, Default) ->
    case erlang:function_exported(Module, Function, length(Args)) of
        true -> apply(Module, Function, Args);
        false -> Default
    end.

%% Runs a function in a process with a group leader of its own and a time limit that the function can move (`ct:timetrap/1`).
guarded(Fun, #{limit := Limit}) ->
    Self = self(),
    Leader = group_leader(),
    Output = suite_output:start(Leader),
    {Pid, Ref} = spawn_monitor(fun() ->
                                       group_leader(Output, self()),
                                       put(suite_runner, Self),
                                       exit({'$value', Self, Fun()})
                               end),
    Result = wait(Pid, Ref, Self, scaled(Limit)),
    suite_output:stop(Output),
    %% Processes that were linked to the case need a moment to end, which common_test's logging gives them.
    timer:sleep(10),
    Result.

wait(Pid, Ref, Self, Limit) ->
    receive
        {'DOWN', Ref, process, Pid, {'$value', Self, Value}} -> {value, Value};
        {'DOWN', Ref, process, Pid, {test_case_failed, Why}} -> {fail, Why};
        {'DOWN', Ref, process, Pid, {skip, Why}} -> {value, {skip, Why}};
        {'DOWN', Ref, process, Pid, Why} -> {fail, Why};
        {timetrap, Pid, New} -> wait(Pid, Ref, Self, scaled(milliseconds(New)))
    after Limit ->
            Where = process_info(Pid, current_stacktrace),
            exit(Pid, kill),
            receive {'DOWN', Ref, process, Pid, _} -> ok end,
            {fail, {timetrap, Limit, Where}}
    end.

scaled(infinity) -> infinity;
scaled(Time) -> Time * persistent_term:get({?MODULE, scale}).

verdict(Path, ok) -> line("#case " ++ path(Path) ++ " ok", []);
verdict(Path, {skip, Why}) -> line("#case " ++ path(Path) ++ " skip", Why);
verdict(Path, {fail, Why}) -> line("#case " ++ path(Path) ++ " fail", Why).

path(Path) -> lists:join($/, [atom_to_list(P) || P <- Path]).

line(Text, []) -> io:format("~ts~n", [Text]);
line(Text, Why) -> io:format("~ts ~0tP~n", [Text, Why, 20]).
