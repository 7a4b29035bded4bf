-module(app_runner).
-moduledoc """
Runs the tests of the application, on whatever VM it is called, and ends with a status.

`main(["-ebin", Dir | Options])`: EUnit modules (`*_tests`), Common Test suites (`*_SUITE`), and the properties of `prop_*` where PropEr is on the code path. Options: `-cover` measures which lines
of the application were run and demands 90 %, `-programs Dir` also runs compiled Mochi programs and compares with their `.out`, `-only Names`, `-numtests N`, `-logs Dir`.
""".

-export([main/1]).

-define(LEAST, 90.0).

main(Args) ->
    Options = options(Args),
    Ebin = filename:absname(maps:get("-ebin", Options)),
    true = code:add_patha(Ebin),
    logger:set_primary_config(level, none),
    case Options of
        #{"-cover" := _} -> cover(Ebin);
        #{} -> ok
    end,
    Modules = modules(Ebin, Options),
    Results = [{What, timed(What, F)}
               || {What, F} <- [{"EUnit", fun() -> eunit(Modules) end},
                                {"properties", fun() -> properties(Modules, Options) end},
                                {"Common Test", fun() -> suites(Modules, Ebin, Options) end},
                                {"programs", fun() -> programs(Options) end}]],
    Covered = case Options of
                  #{"-cover" := _} -> covered();
                  #{} -> true
              end,
    Bad = [W || {W, false} <- Results] ++ ["coverage" || not Covered],
    case Bad of
        [] -> io:format("all passed~n"), halt(0);
        _ -> io:format("failed: ~s~n", [lists:join(", ", Bad)]), halt(1)
    end.

options(["-cover" | Rest]) -> (options(Rest))#{"-cover" => true};
options([[$- | _] = Name, Value | Rest]) -> (options(Rest))#{Name => Value};
options([]) -> #{}.

modules(Ebin, Options) ->
    All = [filename:basename(F, ".beam") || F <- lists:sort(filelib:wildcard(filename:join(Ebin, "*.beam")))],
    case Options of
        #{"-only" := Names} -> [M || M <- All, lists:member(M, string:lexemes(Names, ","))];
        #{} -> All
    end.

ending(Modules, End) -> [list_to_atom(M) || M <- Modules, lists:suffix(End, M)].

timed(What, F) ->
    Start = erlang:monotonic_time(millisecond),
    R = try F()
        catch C:E:S -> io:format("~s: ~p:~p~n~p~n", [What, C, E, S]), false
        end,
    io:format("~s: ~p (~b ms)~n", [What, R, erlang:monotonic_time(millisecond) - Start]),
    R.

eunit(Modules) ->
    Results = [begin
                   R = eunit:test(M),
                   io:format("  ~s ~p~n", [M, R]),
                   R
               end || M <- ending(Modules, "_tests")],
    lists:all(fun(R) -> R =:= ok end, Results).

properties(Modules, Options) ->
    Props = [{M, P} || "prop_" ++ _ = Name <- Modules, M <- [list_to_atom(Name)], {P, 0} <- M:module_info(exports),
                       lists:prefix("prop_", atom_to_list(P))],
    case Props =/= [] andalso code:ensure_loaded(proper) of
        {module, _} ->
            ok = mochi_app:ensure(),
            N = list_to_integer(maps:get("-numtests", Options, "100")),
            Failed = [P || {M, P} <- Props, not property(M, P, N)],
            io:format("  ~b properties, ~b failed~n", [length(Props), length(Failed)]),
            Failed =:= [];
        _ ->
            io:format("  no PropEr here: ~b properties not run~n", [length(Props)]),
            true
    end.

property(M, P, N) ->
    case proper:quickcheck(M:P(), [quiet, long_result, {numtests, N}]) of
        true -> true;
        Other ->
            io:format("  ~s:~s fails for ~0tp~n", [M, P, Other]),
            false
    end.

suites(Modules, Ebin, Options) ->
    case {ending(Modules, "_SUITE"), code:ensure_loaded(ct)} of
        {[], _} -> true;
        {Suites, {module, _}} ->
            Logs = maps:get("-logs", Options, filename:join(Ebin, "logs")),
            ok = filelib:ensure_path(Logs),
            case ct:run_test([{dir, Ebin}, {suite, Suites}, {logdir, Logs}, {auto_compile, false}, {basic_html, true}]) of
                {Ok, Failed, {UserSkipped, AutoSkipped}} ->
                    io:format("  ~b ok, ~b failed, ~b skipped~n", [Ok, Failed, UserSkipped + AutoSkipped]),
                    Failed =:= 0 andalso AutoSkipped =:= 0 andalso Ok > 0;
                Other ->
                    io:format("  ~0tp~n", [Other]),
                    false
            end;
        {Suites, _} ->
            io:format("  no Common Test here: ~p not run~n", [Suites]),
            true
    end.

%%% Compiled Mochi programs: `NAME.mochi` was compiled to `mochi_main_NAME.beam`; `NAME.out` says what it prints.

programs(#{"-programs" := Given}) ->
    Dir = filename:absname(Given),
    true = code:add_patha(Dir),
    application:set_env(mochi, transport, none),
    os:putenv("MOCHI_NOW_SEED", "0"),
    Outs = lists:sort(filelib:wildcard(filename:join(Dir, "*.out"))),
    Wrong = [N || F <- Outs, N <- [filename:basename(F, ".out")], filelib:is_file(filename:join(Dir, "mochi_main_" ++ N ++ ".beam")), not program(Dir, N)],
    application:unset_env(mochi, transport),
    io:format("  ~b programs, wrong: ~0tp~n", [length(Outs), Wrong]),
    Wrong =:= [];
programs(_) -> true.

program(Dir, Name) ->
    {ok, Expected} = file:read_file(filename:join(Dir, Name ++ ".out")),
    Input = case file:read_file(filename:join(Dir, Name ++ ".in")) of
                {ok, B} -> B;
                _ -> <<>>
            end,
    {ok, Old} = file:get_cwd(),
    ok = file:set_cwd(Dir),
    Out = spawn(fun() -> leader(Input, []) end),
    Err = spawn(fun() -> leader(<<>>, []) end),
    Real = whereis(standard_error),
    unregister(standard_error),
    register(standard_error, Err),
    {Pid, Ref} = spawn_monitor(fun() -> group_leader(Out, self()), mochi_core:start(list_to_atom("mochi_main_" ++ Name)) end),
    receive {'DOWN', Ref, process, Pid, _} -> ok
    after 60_000 -> exit(Pid, kill)
    end,
    unregister(standard_error),
    register(standard_error, Real),
    ok = file:set_cwd(Old),
    Out ! {take, self()},
    receive
        {taken, Bytes} ->
            case hd(binary:split(Bytes, <<"call graph:">>)) of
                Expected -> true;
                Other ->
                    io:format("  ~s prints ~0tp~n", [Name, difference(Other, Expected)]),
                    false
            end
    end.

%% The first lines that differ.
difference(A, B) ->
    {As, Bs} = {binary:split(A, <<"\n">>, [global]), binary:split(B, <<"\n">>, [global])},
    hd([{X, instead_of, Y} || {X, Y} <- lists:zip(As, Bs, {pad, {<<>>, <<>>}}), X =/= Y] ++ [none]).

leader(In, Out) ->
    receive
        {take, From} -> From ! {taken, iolist_to_binary(lists:reverse(Out))};
        {io_request, From, Ref, Request} ->
            {Reply, In1, Out1} = request(Request, In, Out),
            From ! {io_reply, Ref, Reply},
            leader(In1, Out1)
    end.

request({put_chars, Encoding, Text}, In, Out) -> {ok, In, [unicode:characters_to_binary(Text, Encoding) | Out]};
request({put_chars, Encoding, M, F, A}, In, Out) -> request({put_chars, Encoding, apply(M, F, A)}, In, Out);
request({get_line, _, _}, <<>>, Out) -> {eof, <<>>, Out};
request({get_line, _, _}, In, Out) ->
    case binary:split(In, <<"\n">>) of
        [Line, Rest] -> {<<Line/binary, $\n>>, Rest, Out};
        [Line] -> {Line, <<>>, Out}
    end;
request(_, In, Out) -> {{error, request}, In, Out}.

%%% Coverage

cover(Ebin) ->
    {ok, _} = cover:start(),
    [{ok, _} = cover:compile_beam(F) || F <- filelib:wildcard(filename:join(Ebin, "*.beam")), is_ours(filename:basename(F, ".beam"))],
    ok.

%% `beambox_*` is our VM's side, which stock OTP can't run.
is_ours("mochi_main" ++ _) -> false;
is_ours("mochi_SUITE") -> false;
is_ours("mochi" ++ _ = M) -> not lists:suffix("_tests", M);
is_ours(_) -> false.

covered() ->
    {result, Lines, _} = cover:analyse(coverage, module),
    Rows = lists:sort([{100 * Yes / max(1, Yes + No), M, Yes, No} || {M, {Yes, No}} <- Lines]),
    [io:format("  ~5.1f %  ~s (~b of ~b lines not run)~n", [P, M, No, Yes + No]) || {P, M, Yes, No} <- Rows, No > 0],
    All = lists:sum([Y + N || {_, _, Y, N} <- Rows]),
    Share = 100 * lists:sum([Y || {_, _, Y, _} <- Rows]) / max(1, All),
    io:format("coverage: ~.1f % of ~b lines~n", [Share, All]),
    Share >= ?LEAST.
