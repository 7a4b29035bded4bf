%% Two versions of a module, purging them, and what processes keep of them.
-module(load_versions).
-export([main/0, hold/1]).

main() ->
    V = fun(N) -> module(vsn, version(N)) end,
    io:format("~p~n", [[code:is_loaded(vsn), erlang:module_loaded(vsn), erlang:check_old_code(vsn)]]),
    io:format("~p ~p~n", [load(vsn, V(1)), vsn:version()]),
    io:format("~p~n", [[code:is_loaded(vsn), code:which(vsn), erlang:module_loaded(vsn), erlang:check_old_code(vsn)]]),
    Old = spawn(vsn, loop, []),
    Fun = vsn:closure(5),
    Name = fun vsn:version/0,
    Literal = vsn:literal(),
    io:format("~p ~p~n", [load(vsn, V(2)), vsn:version()]),
    io:format("~p~n", [[erlang:check_old_code(vsn), ask(Old), Fun(1), Name(), vsn:literal() =:= Literal]]),
    io:format("third ~p ~p~n", [load(vsn, V(3)), vsn:version()]),
    io:format("~p~n", [[erlang:check_process_code(Old, vsn), erlang:check_process_code(self(), vsn)]]),
    io:format("soft ~p~n", [code:soft_purge(vsn)]),
    %% a fully qualified call takes the process to the new version
    Old ! {self(), upgrade},
    io:format("~p ~p~n", [ask(Old), erlang:check_process_code(Old, vsn)]),
    io:format("soft ~p ~p~n", [code:soft_purge(vsn), erlang:check_old_code(vsn)]),
    io:format("~p~n", [try Fun(1) catch C:{R, F} -> {C, R, F =:= Fun} end]),
    io:format("~p~n", [Literal]),
    io:format("~p ~p~n", [load(vsn, V(3)), vsn:version()]),
    %% purging kills who has not moved on
    Ref = monitor(process, Old),
    io:format("purge ~p~n", [code:purge(vsn)]),
    receive {'DOWN', Ref, process, Old, Why} -> io:format("old process: ~p~n", [Why]) end,
    io:format("purge ~p~n", [code:purge(vsn)]),
    literals(V),
    delete(),
    many(V).

%% Terms that are literals of purged code, wherever a process may have them.
literals(V) ->
    Self = self(),
    {module, vsn} = load(vsn, V(4)),
    Holder = spawn(fun() -> ?MODULE:hold(Self) end),
    Holder ! {mail, vsn:literal(), "own"},
    Holder ! {mail, vsn:literal(), "own"},
    put(kept, [vsn:literal(), {deep, vsn:literal()}]),
    _ = erlang:send_after(200, self(), {timer, vsn:literal(), [1, 2]}),
    L = vsn:literal(),
    code:purge(vsn),
    {module, vsn} = load(vsn, V(5)),
    io:format("purge ~p~n", [code:purge(vsn)]),
    code:delete(vsn),
    io:format("purge ~p~n", [code:purge(vsn)]),
    %% fill what was given back
    [begin code:purge(vsn), load(vsn, V(N)) end || N <- lists:seq(6, 12)],
    erlang:garbage_collect(),
    io:format("~p~n~p~n", [L, get(kept)]),
    receive {timer, T, Rest} -> io:format("~p ~p~n", [T, Rest]) end,
    Holder ! {go, self()},
    receive {Holder, Got} -> io:format("~p~n", [Got]) end.

hold(_) ->
    Own = vsn:literal(),
    Stack = {on_stack, vsn:literal()},
    receive {go, From} -> ok end,
    erlang:garbage_collect(),
    First = receive {mail, A, B} -> {A, B} end,
    Second = receive {mail, C, D} -> {C, D} end,
    From ! {self(), [Own, Stack, First, Second]}.

delete() ->
    %% why something is refused is in the log, in words that are each emulator's own
    logger:set_primary_config(level, none),
    io:format("~p~n", [[code:delete(vsn), code:is_loaded(vsn), catch vsn:version(), erlang:check_old_code(vsn)]]),
    io:format("~p~n", [[code:delete(vsn), code:purge(vsn), code:delete(vsn), code:purge(vsn)]]).

%% Several modules at once.
many(V) ->
    Bins = [{M, "", module(M, version(N))} || {M, N} <- [{vsn_a, 1}, {vsn_b, 2}]],
    io:format("~p ~p ~p~n", [code:atomic_load(Bins), vsn_a:version(), vsn_b:version()]),
    {ok, P} = code:prepare_loading(Bins),
    io:format("~p~n", [code:finish_loading(P)]),
    io:format("~p~n", [code:atomic_load(Bins)]),
    io:format("~p~n", [code:load_binary(other, "x", V(1))]),
    io:format("~p~n", [code:load_binary(other, "x", <<"no beam">>)]),
    io:format("~p~n", [try erlang:load_module(other, not_binary) catch error:E -> E end]),
    io:format("~p~n", [[catch erlang:check_old_code(1), catch code:purge(1), catch erlang:delete_module(1)]]),
    io:format("~p~n", [[erlang:module_loaded(nowhere), code:delete(nowhere), code:purge(nowhere), code:soft_purge(nowhere)]]),
    io:format("~p~n", [[erlang:get_module_info(vsn_a, module), proplists:get_value(vsn, vsn_a:module_info(attributes)),
                        lists:sort(vsn_a:module_info(exports)), try nowhere:module_info() catch error:W -> W end]]).

ask(Pid) ->
    Pid ! {self(), version},
    receive {Pid, V} -> V after 2000 -> timeout end.

load(M, Bin) -> code:load_binary(M, atom_to_list(M) ++ ".beam", Bin).

version(N) ->
    ["-vsn(" ++ integer_to_list(N) ++ ").\n",
     "-export([version/0, loop/0, closure/1, literal/0]).\n",
     "version() -> " ++ integer_to_list(N) ++ ".\n",
     "closure(X) -> fun(Y) -> {version(), X + Y} end.\n",
     "literal() -> {[a, \"text of the literal\", #{k => <<\"a binary that is longer than sixty-four bytes, "
     "so that it is counted and lies outside of the area\">>}], 1.5, 123456789012345678901234567890}.\n",
     "loop() -> receive {P, version} -> P ! {self(), version()}, loop(); {_, upgrade} -> ?MODULE:loop() end.\n"].

module(M, Lines) ->
    Text = lists:flatten(["-module(", atom_to_list(M), ").\n", Lines]),
    {ok, Tokens, _} = erl_scan:string(re_module(Text, M)),
    {ok, M, Bin} = compile:forms(forms(Tokens, []), [deterministic]),
    Bin.

re_module(Text, M) -> lists:flatten(string:replace(Text, "?MODULE", atom_to_list(M), all)).

forms([], []) -> [];
forms([{dot, _} = D | T], Form) ->
    {ok, F} = erl_parse:parse_form(lists:reverse([D | Form])),
    [F | forms(T, [])];
forms([H | T], Form) -> forms(T, [H | Form]).
