%% SPDX-License-Identifier: Apache-2.0
-module(yields_ets).
%% ETS on large tables: while one function runs others run too, may change the table, and see insertions of a list whole; each can be ended in the middle.
%% Heavy: large tables.
-export([main/0]).

-define(N, 60000).

main() ->
    Counter = counters:new(1, []),
    spawn_link(fun() -> count(Counter) end),
    [types(Counter, Type) || Type <- [set, ordered_set, bag, duplicate_bag]],
    whole(),
    changed_meanwhile(),
    ended(),
    gone().

types(Counter, Type) ->
    T = ets:new(t, [Type, public]),
    Objects = [{N, N rem 7, <<N:32>>} || N <- lists:seq(1, ?N)],
    Say = fun(Name, Fun) -> run(Counter, {Type, Name}, Fun) end,
    Say(insert, fun() -> ets:insert(T, Objects) end),
    Say(insert_new_taken, fun() -> ets:insert_new(T, [{N, x} || N <- lists:seq(?N, 2 * ?N)]) end),
    Say(tab2list, fun() -> ets:tab2list(T) end),
    Say(match, fun() -> ets:match(T, {'$1', 3, '_'}) end),
    Say(match_object, fun() -> ets:match_object(T, {'_', 3, '_'}) end),
    Say(select, fun() -> ets:select(T, [{{'$1', '$2', '_'}, [{'<', '$2', 2}], [{{'$2', '$1'}}]}]) end),
    Say(select_reverse, fun() -> ets:select_reverse(T, [{{'$1', '$2', '_'}, [{'<', '$2', 2}], ['$1']}]) end),
    Say(count, fun() -> ets:select_count(T, [{{'_', '$1', '_'}, [{'>', '$1', 4}], [true]}]) end),
    Say(chunk_of_few, fun() -> ets:select(T, [{{'$1', '_', '_'}, [{'=:=', {'rem', '$1', 20000}, 0}], ['$1']}], 10) end),
    Say(match_1, fun() -> ets:match(T, {'$1', 8, '_'}, 1) end),
    replace(Say, T, Type),
    MS = ets:match_spec_compile([{{'$1', 3, '_'}, [], ['$1']}]),
    Say(run, fun() -> ets:match_spec_run(Objects, MS) end),
    once(select_delete, fun() -> ets:select_delete(T, [{{'_', '$1', '_'}, [{'=:=', '$1', 5}], [true]}]) end),
    Say(after_delete, fun() -> ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}]) end),
    io:format("~p~n", [{ets:info(T, size), ets:info(T, safe_fixed), ets:member(T, 5), ets:member(T, 6)}]),
    ets:delete_all_objects(T),
    io:format("~p~n", [{ets:info(T, size), ets:first(T)}]),
    ets:insert(T, Objects),
    ets:delete(T),
    io:format("~p~n", [ets:info(T)]).

replace(_, _, bag) ->
    ok;
replace(Say, T, Type) ->
    Say(replace, fun() -> ets:select_replace(T, [{{'$1', 2, '$2'}, [], [{{'$1', 2, '$2'}}]}]) end),
    N = try ets:select_replace(T, [{{'$1', 2, '_'}, [], [{{x, 2}}]}]) catch error:R -> R end,
    io:format("~p: ~p~n", [Type, N]).

%% What can be called once only: not said whether others ran.
once(Name, Fun) ->
    Result = Fun(),
    io:format("~p: ~p~n", [Name, Result]).

count(Counter) ->
    counters:add(Counter, 1, 1),
    erlang:yield(),
    count(Counter).

run(Counter, Name, Fun) ->
    {Result, Others} = tried(Counter, Fun, 50),
    io:format("~p: ~p, others ran: ~p~n", [Name, digest(Result), Others]).

tried(Counter, Fun, Tries) ->
    erlang:yield(),
    Before = counters:get(Counter, 1),
    Result = Fun(),
    case counters:get(Counter, 1) - Before >= 3 of
        false when Tries > 1 -> tried(Counter, Fun, Tries - 1);
        Others -> {Result, Others}
    end.

digest({L, Continuation}) when is_list(L) -> {digest(L), Continuation =:= '$end_of_table'};
digest(L) when is_list(L) -> {length(L), erlang:phash2(L)};
digest(Other) -> Other.

%% A list goes in all at once or not at all, whoever looks.
whole() ->
    T = ets:new(t, [public]),
    Self = self(),
    Objects = [{N} || N <- lists:seq(1, ?N)],
    spawn_link(fun() -> true = ets:insert(T, Objects), Self ! done end),
    Sizes = watch(T, []),
    io:format("sizes seen: ~p~n", [lists:usort(Sizes) -- [0, ?N]]),
    io:format("~p ~p~n", [ets:insert_new(T, [{-N} || N <- lists:seq(1, ?N)]), ets:info(T, size)]),
    io:format("~p~n", [catch_error(fun() -> ets:insert(T, [{a} || _ <- lists:seq(1, 5000)] ++ [b]) end)]),
    io:format("~p~n", [catch_error(fun() -> ets:insert(T, [{a} || _ <- lists:seq(1, 5000)] ++ b) end)]),
    io:format("~p ~p~n", [ets:member(T, a), ets:info(T, size)]).

watch(T, Seen) ->
    receive
        done -> [ets:info(T, size) | Seen]
    after 0 ->
            erlang:yield(),
            watch(T, [ets:info(T, size) | Seen])
    end.

catch_error(Fun) ->
    try Fun() catch C:R -> {C, R} end.

%% Objects that are there from beginning to end are found, each once, whatever else comes and goes.
changed_meanwhile() ->
    [begin
         T = ets:new(t, [Type, public]),
         ets:insert(T, [{N, stays} || N <- lists:seq(1, ?N, 2)]),
         ets:insert(T, [{N, goes} || N <- lists:seq(2, ?N, 2)]),
         Changer = spawn_link(fun() -> change(T, 2) end),
         Kept = [lists:sort(ets:select(T, [{{'$1', stays}, [], ['$1']}])) || _ <- lists:seq(1, 3)],
         N = ets:select_count(T, [{{'_', stays}, [], [true]}]),
         Ref = monitor(process, Changer),
         unlink(Changer),
         exit(Changer, kill),
         receive {'DOWN', Ref, process, Changer, _} -> ok end,
         io:format("~p: ~p ~p~n", [Type, [K =:= lists:seq(1, ?N, 2) || K <- Kept], N]),
         ets:delete(T)
     end || Type <- [set, ordered_set, bag, duplicate_bag]].

change(T, N) ->
    ets:delete(T, N),
    ets:insert(T, {?N + N, comes}),
    change(T, 2 + (N * 7 + 2) rem ?N div 2 * 2).

%% Ended in the middle: the table is as before, and nothing stays fixed.
ended() ->
    T = ets:new(t, [public]),
    ets:insert(T, [{N} || N <- lists:seq(1, ?N)]),
    [begin
         Self = self(),
         {Pid, Ref} = spawn_monitor(fun() -> Self ! go, forever(fun() -> Fun(T) end) end),
         receive go -> ok end,
         [erlang:yield() || _ <- lists:seq(1, 3)],
         exit(Pid, kill),
         receive {'DOWN', Ref, process, Pid, Why} -> ok end,
         io:format("~p: ~p ~p ~p~n", [Name, Why, ets:info(T, safe_fixed), ets:info(T, size)])
     end || {Name, Fun} <- [{select, fun(Tab) -> ets:select(Tab, [{{'$1'}, [], ['$1']}]) end},
                            {count, fun(Tab) -> ets:select_count(Tab, [{{'$1'}, [], [true]}]) end},
                            {delete, fun(Tab) -> ets:select_delete(Tab, [{{x}, [], [true]}, {{'$1'}, [{is_atom, '$1'}], [true]}]) end},
                            {insert, fun(Tab) -> ets:insert(Tab, [{N} || N <- lists:seq(1, ?N)]) end}]].

forever(Fun) ->
    Fun(),
    forever(Fun).

%% A table that goes while a function is at work on it.
gone() ->
    T = ets:new(t, [public, named_table]),
    ets:insert(T, [{N} || N <- lists:seq(1, ?N)]),
    {Pid, Ref} = spawn_monitor(fun() -> exit(catch_error(fun() -> forever(fun() -> ets:tab2list(T) end) end)) end),
    erlang:yield(),
    ets:delete(T),
    receive {'DOWN', Ref, process, Pid, Why} -> io:format("~p~n", [Why]) end,
    Owner = spawn_monitor(fun() -> ets:new(t, [named_table]), ets:insert(t, [{N} || N <- lists:seq(1, ?N)]) end),
    receive {'DOWN', R, process, P, normal} when {P, R} =:= Owner -> io:format("~p~n", [ets:info(t)]) end.
