%% Module ets with good and bad arguments in every place: value, or class, reason, cause and OTP's text of it.
-module(err_ets).
-export([main/0]).

main() ->
    lists:foreach(fun run/1, [set, ordered_set, bag]).

run(Type) ->
    io:format("--- ~p~n", [Type]),
    lists:foreach(fun({F, Cands}) -> [one(Type, F, Args) || Args <- cross(Cands)] end, table()).

%% 't' stands for a fresh table with a few objects, 'gone' for one that was deleted, 'other' for a private one of another process.
table() ->
    T = [t, gone, no_such, 1],
    Ops = [1, -1, {2, 1}, {2, 5, 8, 0}, {1, 1}, {4, 1}, {3, 1}, a, {2, a}, [{2, 1}, {2, 2}], [{2, 1}, {9, 1}], [], [a], {2, 1, 2}, {0, 1}],
    Ms = [[], [{'$1', [], ['$1']}], [{{'$1', '_', '_'}, [], ['$1']}], [{{'$1', '$2', '_'}, [{'>', '$2', 1}], [{{'$2', '$1'}}]}], [{{'$1', '_', '_'}, [], [true]}], foo, [foo], [{a, [], []}], [{'_', [], []}],
          [{'_', [{foo}], [true]}], [{'_', [], ['$1']}], [{'_', [{'$1'}], [true]}], [{{k1, '_', '_'}, [], ['$_']}], [{'_', [], ['$$']}], [{{'$1', '$1', '_'}, [], [x]}], [{'_', [], [{{}}]}], [{'_', [], [{message, x}]}], [{'_', foo, [x]}], [{'_', [], foo}]],
    [{all_ok, []},
     {delete, [T]},
     {delete, [T, [k1, nokey]]},
     {delete_object, [T, [{k1, 1, a}, {k1}, foo, {}]]},
     {first, [T]}, {last, [T]},
     {next, [T, [k1, nokey, 5]]}, {prev, [T, [k1, nokey, 5]]},
     {first_lookup, [T]}, {last_lookup, [T]}, {next_lookup, [T, [k1, nokey]]}, {prev_lookup, [T, [k1, nokey]]},
     {from_dets, [T, [no_dets]]},
     {fun2ms, [[foo]]},
     {give_away, [T, [foo, 1], [data]]},
     {info, [T]},
     {info, [T, [size, type, name, keypos, protection, owner, heir, named_table, compressed, read_concurrency, write_concurrency, decentralized_counters, fixed, safe_fixed, memory, id, node, foo, 1]]},
     {insert, [T, [{a, 1, 2}, {}, foo, [], [{a, 1, 2}, {b, 3, 4}], [{a}, foo], [{a} | b], {k1, 9, 9}]]},
     {insert_new, [T, [{a, 1, 2}, {}, foo, [], [{a, 1, 2}, {k1, 3, 4}], {k1, 9, 9}, [foo]]]},
     {is_compiled_ms, [[foo]]},
     {lookup, [T, [k1, nokey, 5.0]]},
     {lookup_element, [T, [k1, nokey], [1, 2, 3, 4, 0, -1, a]]},
     {lookup_element, [T, [k1, nokey], [2, 4, 0, a], [def]]},
     {match, [T, [{'$1', '$2', '_'}, '_', '$1', foo, {k1, '$1', '$1'}, {'$2', '$1', '_'}, {'_', '_'}]]},
     {match, [T, [{'$1', '$2', '_'}], [1, 2, 100, 0, -1, a]]},
     {match_delete, [T, [{k1, '_', '_'}, foo, '_']]},
     {match_object, [T, [{'$1', 2, '_'}, '_', foo, {'_', '_', a}]]},
     {match_object, [T, [{'$1', 2, '_'}], [1, 0, a]]},
     {member, [T, [k1, nokey]]},
     {new, [[foo, 1, "x"], [[], [set], [foo], foo, [set | x], [{keypos, 0}], [{keypos, 2}], [{keypos, a}], [{heir, none}], [{heir, foo}], [{heir, self, x}], [compressed, public], [{read_concurrency, a}], [{write_concurrency, auto}], [{write_concurrency, x}], [{decentralized_counters, true}], [named_table, set, bag]]]},
     {rename, [T, [newname, 1]]},
     {repair_continuation, [['$end_of_table', foo], [[{'_', [], ['$_']}]]]},
     {safe_fixtable, [T, [true, false, 1]]},
     {select, [T, Ms]}, {select, [T, Ms, [2, 0]]}, {select, [['$end_of_table', foo, {a, b}]]},
     {select_count, [T, Ms]}, {select_delete, [T, Ms]},
     {select_replace, [T, [[{{'$1', '$2', '$3'}, [], [{{'$1', {'+', '$2', 1}, '$3'}}]}], [{{'$1', '$2', '$3'}, [], [{{x, '$2', '$3'}}]}], [{'_', [], [foo]}], foo, [], [{{'$1', '_', '_'}, [], ['$_']}], [{{'$1', '$2', '_'}, [], [{setelement, 2, '$_', z}]}]]]},
     {select_reverse, [T, Ms]}, {select_reverse, [T, [[{'_', [], ['$_']}]], [2, 0, a]]},
     {setopts, [T, [{heir, none}, {heir, foo, x}, foo, [], [{heir, none}], [foo], {protection, public}]]},
     {slot, [T, [0, 1, 5, 256, -1, a]]},
     {tab2list, [T]},
     {take, [T, [k1, nokey]]},
     {test_ms, [[{a, 1}], [[{{'$1', '_'}, [], ['$1']}], [{{b, '_'}, [], [x]}]]]},
     {to_dets, [T, [no_dets]]},
     {update_counter, [T, [k1, k3, nokey], Ops]},
     {update_counter, [T, [k1, nokey], [1, {2, 1}, {4, 1}, a, [{2, 1}, {2, 3, 9, 0}]], [{x, 5, 6}, {x, a, 6}, {x}, foo]]},
     {update_element, [T, [k1, nokey], [{2, z}, {1, z}, {4, z}, {0, z}, a, [{2, y}, {3, z}], [{2, y}, {9, z}], [], [a], {2}]]},
     {update_element, [T, [k1, nokey], [{2, z}, {4, z}, a], [{x, 5, 6}, {x}, foo]]},
     {whereis, [[no_such, 1, foo]]}].

fresh(Type) ->
    Tab = ets:new(tab, [Type, public]),
    ets:insert(Tab, [{k1, 1, a}, {k2, 2, b}, {k3, x, c}]),
    Tab.

one(Type, F, Args0) ->
    Tab = fresh(Type),
    Gone = ets:new(gone, []),
    ets:delete(Gone),
    Args = case Args0 of
        [t | R] -> [Tab | R];
        [gone | R] -> [Gone | R];
        _ -> Args0
    end,
    R0 = call(F, Args, Tab),
    After = try lists:sort(ets:tab2list(Tab)) catch _:_ -> gone end,
    case [{k1, 1, a}, {k2, 2, b}, {k3, x, c}] of
        After -> io:format("~p ~0p~n  ~s~n", [F, Args0, R0]);
        _ -> io:format("~p ~0p~n  ~s ~0p~n", [F, Args0, R0, After])
    end,
    catch ets:delete(Tab),
    [catch ets:delete(N) || N <- [foo, newname]].

cross([]) -> [[]];
cross([C | Cs]) -> [[X | Xs] || X <- C, Xs <- cross(Cs)].

call(F, Args, Tab) ->
    try apply(ets, F, Args) of
        V -> ["value ", show(V, Tab, F)]
    catch
        Class:Reason:St -> [atom_to_list(Class), " ", show(Reason, Tab, F), " ", top(Args, Reason, St)]
    end.

%% Sizes, pids, references and continuations are nobody's business here.
show(V, Tab, F) -> S = lists:flatten(io_lib:format("~0p", [clean(V, Tab, F)])), lists:sublist(S, 300).

clean(V, V, _) -> tab;
clean(P, _, _) when is_pid(P) -> pid;
clean(R, _, _) when is_reference(R) -> ref;
clean({Objs, C}, T, F) when is_list(Objs), is_tuple(C) -> {clean(Objs, T, F), cont};
clean({memory, N}, _, _) when is_integer(N) -> memory;
clean(L, T, info) when is_list(L) -> [clean(X, T, info) || X <- L];
clean(L, T, F) when is_list(L) -> [clean(X, T, F) || X <- L];
clean(Tup, T, F) when is_tuple(Tup) -> list_to_tuple([clean(X, T, F) || X <- tuple_to_list(Tup)]);
clean(X, _, _) -> X.

top(Args, Reason, [{ets, _, As, Info} | _] = St) ->
    Shape = if As =:= Args -> "args"; is_list(As) -> "other"; true -> integer_to_list(As) end,
    case lists:keyfind(error_info, 1, Info) of
        {error_info, #{} = I} ->
            Mod = maps:get(module, I, ets),
            Text = try Mod:format_error(Reason, St) catch _:_ -> #{} end,
            [Shape, " cause=", io_lib:format("~0p", [maps:get(cause, I, none)]), " ", lists:join("; ", [io_lib:format("~p: ~ts", [K, V]) || {K, V} <- lists:sort(maps:to_list(Text))])];
        _ -> Shape
    end;
top(_, _, [{M, F, A, _} | _]) -> io_lib:format("at ~p:~p/~p", [M, F, if is_list(A) -> length(A); true -> A end]).
