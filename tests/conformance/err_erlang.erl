%% Bad and good arguments of functions of module erlang: value, or class, reason and cause, and the text that OTP makes of it.
-module(err_erlang).
-export([main/0]).

main() ->
    lists:foreach(fun run/1, table()).

table() ->
    Ints = [0, 1, -1, 1 bsl 70, 2.5, a],
    Bin = [<<>>, <<"abc">>, <<1:3>>, a, "abc"],
    Tup = [{}, {a, b, c}, a, [a]],
    [{abs, [[1, -1, a, -2.5]]},
     {append_element, [Tup, [x]]},
     {atom_to_binary, [[a, 'å', 1, "a"]]},
     {atom_to_binary, [[a, 'å', 'Ω', 1], [utf8, latin1, unicode, blah, 1]]},
     {atom_to_list, [[a, 1, "a"]]},
     {binary_part, [Bin, [{0, 1}, {1, -1}, {0, 9}, {-1, 1}, a, {a, 1}]]},
     {binary_part, [Bin, [0, 1, -1, a, 100], [1, -1, 9, b]]},
     {binary_to_atom, [[<<"a">>, <<255>>, a, <<1:2>>, <<"Ω"/utf8>>]]},
     {binary_to_atom, [[<<"a">>, <<255>>, a, <<1:2>>, <<"Ω"/utf8>>], [utf8, latin1, foo, 7]]},
     {binary_to_existing_atom, [[<<"a">>, <<"never_seen_xyz">>, a, <<255>>]]},
     {binary_to_existing_atom, [[<<"a">>, <<"never_seen_xyz">>, a], [utf8, latin1, foo]]},
     {binary_to_float, [[<<"1.5">>, <<"1">>, <<"x">>, a, <<"1.0e400">>, <<" 1.0">>, "1.0"]]},
     {binary_to_integer, [[<<"15">>, <<"">>, <<"x">>, a, <<"+7">>, <<"- 1">>, "1"]]},
     {binary_to_integer, [[<<"15">>, <<"zz">>, a], [10, 36, 2, 37, 1, a]]},
     {binary_to_list, [Bin]},
     {binary_to_list, [[<<"abc">>, a, <<>>], [1, 0, 3, 4, a], [1, 3, 4, 0, b]]},
     {binary_to_term, [[<<>>, <<131, 106>>, a, <<131, 99>>, <<130, 106>>]]},
     {binary_to_term, [[<<131, 106>>, <<131, 106, 1>>, a], [[], [safe], [used], [foo], [used, safe], a, [used | a]]]},
     {bit_size, [Bin]},
     {bitstring_to_list, [Bin]},
     {byte_size, [Bin]},
     {ceil, [Ints]},
     {element, [[0, 1, 3, 4, a, -1], Tup]},
     {float, [Ints]},
     {float_to_binary, [[1.5, 1, a]]},
     {float_to_binary, [[1.5, 1, a, 1.0e300], [[], [short], [{decimals, 2}], [{decimals, 2}, compact], [{scientific, 3}], [{decimals, 254}], [{decimals, -1}], [{scientific, 250}], [foo], a, [compact], [short, compact], [{decimals, a}], [{decimals, 1} | x]]]},
     {float_to_list, [[1.5, 1, a]]},
     {float_to_list, [[1.5, 1, a], [[], [short], [{decimals, 2}], [{decimals, 254}], [foo], a]]},
     {floor, [Ints]},
     {fun_info, [[a], [arity, foo]]},
     {fun_info, [[fun erlang:abs/1], [arity, module, name, type, env, foo, 1]]},
     {fun_to_list, [[a]]},
     {hd, [[[], [1], a]]},
     {insert_element, [[1, 3, 4, 5, 0, a], Tup, [x]]},
     {delete_element, [[1, 3, 4, 0, a], Tup]},
     {integer_to_binary, [Ints]},
     {integer_to_binary, [[255, a, -255], [16, 36, 1, 37, b]]},
     {integer_to_list, [Ints]},
     {integer_to_list, [[255, a], [16, 36, 1, 37, b]]},
     {iolist_size, [[[], "abc", [<<"a">> | <<"b">>], [256], a, [a], [<<1:1>>]]]},
     {iolist_to_binary, [[[], "abc", [<<"a">> | <<"b">>], [256], a, [a], [<<1:1>>]]]},
     {iolist_to_iovec, [[[], "abc", [<<"a">> | <<"b">>], a]]},
     {list_to_bitstring, [[[], "abc", [<<"a">> | <<"b">>], [256], a, [a], [<<1:1>>]]]},
     {is_map_key, [[a], [#{a => 1}, #{}, x]]},
     {is_function, [[fun erlang:abs/1, a], [1, 2, -1, a]]},
     {is_record, [[{a, 1}, {}, a], [a, b, 1]]},
     {is_record, [[{a, 1}, {}, a], [a, 1], [2, 3, a, -1]]},
     {length, [[[], [1, 2], [1 | 2], a]]},
     {list_to_atom, [["abc", [256], a, [-1], [a], lists:duplicate(256, $a), [55555]]]},
     {list_to_existing_atom, [["abc", "never_seen_zyx", a, [-1], lists:duplicate(256, $a)]]},
     {list_to_binary, [["abc", [], [256], a, <<"a">>, [<<"a">>, [98 | <<"c">>]]]]},
     {list_to_float, [["1.5", "1", "x", a, "", "1.0e400", [1.5]]]},
     {list_to_integer, [["15", "", "x", a, "+", "-5", [a], "1 "]]},
     {list_to_integer, [["15", "zz", a], [10, 36, 37, 1, a]]},
     {list_to_pid, [["<0.1.0>", "<0.1>", a, "", "x"]]},
     {list_to_port, [["#Port<0.1>", "x", a]]},
     {list_to_ref, [["#Ref<0.1.2.3>", "x", a]]},
     {list_to_tuple, [[[], [1, 2], [1 | 2], a]]},
     {localtime_to_universaltime, [[{{2024, 1, 1}, {0, 0, 0}}, {{2024, 13, 1}, {0, 0, 0}}, a, {a, b}, {{2024, 2, 30}, {0, 0, 0}}], [foo, 1]]},
     {universaltime_to_localtime, [[{{2024, 13, 1}, {0, 0, 0}}, a, {a, b}]]},
     {universaltime_to_posixtime, [[{{2024, 1, 1}, {0, 0, 0}}, {{2024, 13, 1}, {0, 0, 0}}, a]]},
     {posixtime_to_universaltime, [[0, 1700000000, -1, a, 1 bsl 70]]},
     {make_tuple, [[0, 2, -1, a, 1 bsl 24, 1 bsl 70], [x]]},
     {make_tuple, [[3, -1, a], [x], [[{1, a}], [{4, a}], [{0, a}], a, [a], [{1, a} | b]]]},
     {map_get, [[a, b], [#{a => 1}, x]]},
     {map_size, [[#{a => 1}, x]]},
     {max, [[1, a], [2, 1.0]]},
     {md5, [["abc", a, [256]]]},
     {md5_update, [[<<>>, a], ["abc", a]]},
     {md5_final, [[<<>>, a]]},
     {crc32, [["abc", a, [256]]]},
     {crc32, [[1, -1, a, 1 bsl 40], ["abc", a]]},
     {crc32_combine, [[1, a, -1], [2, b], [3, c, -3]]},
     {adler32, [["abc", a]]},
     {adler32, [[1, -1, a], ["abc", a]]},
     {adler32_combine, [[1, a], [2, b], [3, c]]},
     {phash, [[a], [1, 100, 0, a, 1 bsl 32, 1 bsl 33]]},
     {phash2, [[a, {1, 2}]]},
     {phash2, [[a], [1, 100, 0, a, 1 bsl 32, 1 bsl 33]]},
     {pid_to_list, [[a]]},
     {port_to_list, [[a]]},
     {ref_to_list, [[a]]},
     {round, [Ints]},
     {setelement, [[0, 1, 3, 4, a], Tup, [x]]},
     {size, [[{a}, <<"ab">>, a, <<1:3>>]]},
     {split_binary, [Bin, [0, 1, 3, 4, -1, a]]},
     {term_to_binary, [[a], [[], [compressed], [{compressed, 10}, a], [{compressed, 9}], [{minor_version, 0}], [{minor_version, 3}], [deterministic], [foo], a, [compressed | a]]]},
     {term_to_iovec, [[a], [[], [compressed], [foo], a]]},
     {external_size, [[a], [[], [{minor_version, 1}], [foo], a]]},
     {tl, [[[], [1], a]]},
     {trunc, [Ints]},
     {tuple_size, [Tup]},
     {tuple_to_list, [Tup]},
     {unique_integer, [[[foo], a, [positive | a]]]},
     {convert_time_unit, [[1500, a], [second, millisecond, foo, 0, 1000], [millisecond, 1, -1, bar]]},
     {monotonic_time, [[foo, 0, -1]]},
     {system_time, [[foo, 0, -1]]},
     {time_offset, [[foo, 0]]},
     {ext_list, []},
     {binary_to_atom, [[list_to_binary(lists:duplicate(256, $a))]]},
     {'+', [[1, a], [b, 2]]}, {'-', [[1, a], [b, 2]]}, {'*', [[1, a], [b, 2]]}, {'/', [[1, a], [b, 0, 2, 0.0]]},
     {'div', [[7, a, 1.5], [2, 0, b]]}, {'rem', [[7, a], [2, 0, b]]}, {'band', [[7, a], [2, b, 1.0]]}, {'bor', [[7, a], [2, b]]},
     {'bxor', [[7, a], [2, b]]}, {'bnot', [[7, a]]}, {'bsl', [[7, a], [2, b, 1 bsl 70]]}, {'bsr', [[7, a], [2, b, 1 bsl 70]]},
     {'-', [[7, a]]}, {'+', [[7, a]]}, {'not', [[true, a]]}, {'and', [[true, a], [false, b]]}, {'or', [[true, a], [false, b]]}, {'xor', [[true, a], [false, b]]},
     {'++', [[[1], a, [1 | 2]], [[2], b]]}, {'--', [[[1], a, [1 | 2]], [[1], b, [1 | 2]]]},
     {'=:=', [[1], [1.0]]}, {'==', [[1], [1.0]]},
     {is_atom, [[a, 1]]}, {is_list, [[a, []]]}, {is_tuple, [[a, {}]]}, {is_float, [[a, 1.0]]}, {is_integer, [[a, 1]]}, {is_number, [[a, 1]]},
     {is_pid, [[a]]}, {is_port, [[a]]}, {is_reference, [[a]]}, {is_binary, [Bin]}, {is_boolean, [[a, true]]}, {is_bitstring, [Bin]}, {is_map, [[a, #{}]]},
     {is_function, [[a]]}, {is_integer, [[1, a, 1.0], [0, a], [2, b]]},
     {min, [[1, a], [2, 1.0]]},
     {list_to_tuple, [[lists:seq(1, 20)]]},
     {apply, [[erlang, 1], [abs, 1], [[-1], a, [1 | 2]]]},
     {nif_error, [[x]]}, {nif_error, [[x], [[a], b]]},
     {error, [[x]]}, {error, [[x], [[a], none, b]]}, {error, [[x], [[a], none], [[], [{error_info, #{cause => z}}], [{error_info, a}], [foo], a]]},
     {raise, [[error, foo, exit], [r], [[], a, [x], [{m, f, 1, []}], [{m, f, [a], [{file, "x"}, {line, 3}]}], [{m, f}]]]},
     {exit, [[x]]}, {throw, [[x]]},
     {get_module_info, [[erlang_no_such, 1]]}, {get_module_info, [[lists, no_such_mod], [module, foo]]},
     {module_loaded, [[lists, 1]]}, {function_exported, [[lists, 1], [map, 1], [2, a, -1, 256]]}, {is_builtin, [[erlang, 1], [abs, 1], [1, a, -1]]},
     {check_old_code, [[lists, 1]]},
     {make_fun, [[lists, 1], [map, 1], [a, -1, 256]]},
     {decode_packet, [[0, 1, raw, 4], [<<0, 1, 2>>, a, <<0, 0, 0, 1, 65, 66>>], [[], [{packet_size, 2}], [foo], a]]}].

run({F, Cands}) ->
    [io:format("~p ~s: ~s~n", [F, lists:join(" ", [show(A) || A <- Args]), call(F, Args)]) || Args <- cross(Cands), Cands =/= []].

show(T) ->
    S = lists:flatten(io_lib:format("~w", [T])),
    case length(S) > 60 of true -> lists:sublist(S, 60) ++ "..."; false -> S end.

cross([]) -> [[]];
cross([C | Cs]) -> [[X | Xs] || X <- C, Xs <- cross(Cs)].

call(F, Args) ->
    try apply(erlang, F, Args) of
        V -> ["value ", show(V)]
    catch
        Class:Reason:St -> [atom_to_list(Class), " ", show(Reason), " ", top(F, Args, Reason, St)]
    end.

top(F, Args, Reason, [{erlang, F, As, Info} | _] = St) when is_list(As); is_integer(As) ->
    Shape = if As =:= Args -> "args"; is_list(As) -> show(As); true -> integer_to_list(As) end,
    case lists:keyfind(error_info, 1, Info) of
        {error_info, #{} = I} ->
            Mod = maps:get(module, I, erlang),
            Text = try Mod:format_error(Reason, St) catch _:_ -> none end,
            [Shape, " cause=", show(maps:get(cause, I, none)), " ", show_text(Text)];
        _ -> Shape
    end;
top(_, _, _, [{M, F, A, I} | _]) ->
    N = if is_list(A) -> length(A); true -> A end,
    ["at ", show({M, F, N}), case lists:keyfind(error_info, 1, I) of false -> ""; {_, E} -> show(E) end];
top(_, _, _, St) -> ["trace ", show(St)].

show_text(M) when is_map(M) ->
    lists:join("; ", [io_lib:format("~p: ~ts", [K, V]) || {K, V} <- lists:sort(maps:to_list(M))]);
show_text(X) -> show(X).
