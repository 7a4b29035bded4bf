%% Terms nested so deep that whoever walks them on the host's stack has none left: lists and tuples a million deep, maps and funs a fifth of that.
-module(deep_terms).
-export([main/0]).

main() ->
    shape(car, 1000000, fun(X) -> [X] end),
    shape(tuple, 1000000, fun(X) -> {X} end),
    shape(map, 200000, fun(X) -> #{1 => X} end),
    shape(function, 200000, fun(X) -> fun() -> X end end).

nest(0, _, X) -> X;
nest(N, F, X) -> nest(N - 1, F, F(X)).

%% X and Y are equal and share nothing.
shape(Name, N, F) ->
    io:format("~w~n", [Name]),
    {X, Y} = {nest(N, F, []), nest(N, F, [])},
    say(flat_size, fun() -> erts_debug:flat_size(X) end),
    say(compare, fun() -> {X =:= Y, X == Y, X < Y, X =< Y, X =:= {Y}, min(X, Y) =:= Y, length(lists:usort([X, Y]))} end),
    say(hash, fun() -> hash(Name, X, Y) end),
    say(send, fun() -> self() ! {X, X}, receive {A, B} -> {A =:= Y, B =:= Y} end end),
    say(spawn, fun() -> spawned(X, Y) end),
    say(exit, fun() ->
        {P, R} = spawn_monitor(fun() -> exit(X) end),
        receive {'DOWN', R, process, P, Why} -> Why =:= Y end
    end),
    say(exit_linked, fun() ->
        process_flag(trap_exit, true),
        P = spawn_link(fun() -> exit(X) end),
        receive {'EXIT', P, Why} -> Why =:= Y end
    end),
    say(raise, fun() ->
        {try throw(X) catch throw:A -> A =:= Y end,
         try erlang:raise(error, X, []) catch error:B -> B =:= Y end,
         try {wrong} = id(X) catch error:{badmatch, C} -> C =:= Y end,
         try only_a(X) catch error:function_clause:S -> [C] = element(3, hd(S)), C =:= Y end}
    end),
    say(timer, fun() -> erlang:send_after(0, self(), X), receive Z -> Z =:= Y end end),
    say(dictionary, fun() -> put(X, Y), {_, L} = process_info(self(), dictionary), {lists:member({Y, X}, L), erase(Y) =:= X} end),
    say(messages, fun() -> self() ! X, {messages, [A]} = process_info(self(), messages), receive B -> {A =:= B, B =:= Y} end end),
    say(key_of_a_map, fun() -> {maps:get(Y, #{X => 1, a => 2}), maps:is_key(Y, maps:from_list([{I, I} || I <- lists:seq(1, 40)] ++ [{X, x}]))} end),
    [say({ets, Type}, fun() -> ets(Type, X, Y) end) || Type <- [set, ordered_set, bag]],
    say(match, fun() -> matches(X, Y) end),
    say(persistent_term, fun() ->
        persistent_term:put(deep, X),
        A = persistent_term:get(deep) =:= Y,
        persistent_term:put(Y, 1),
        B = {A, persistent_term:get(X), persistent_term:erase(X), persistent_term:erase(deep)},
        B
    end),
    say(external, fun() ->
        B = term_to_binary(X),
        C = term_to_binary(X, [compressed]),
        {size_of(Name, B), binary_to_term(B) =:= Y, binary_to_term(C, [safe]) =:= Y, erlang:external_size(X) >= byte_size(B),
         binary_to_term(iolist_to_binary(term_to_iovec(X))) =:= Y}
    end),
    say(collect, fun() -> erlang:garbage_collect(self(), [{type, minor}]), erlang:garbage_collect(), X =:= Y end),
    say(as_iolist, fun() -> [try F2(X) catch error:badarg -> badarg end || F2 <- [fun iolist_size/1, fun iolist_to_binary/1]] end),
    say(as_options, fun() ->
        [try F2() catch error:badarg -> badarg; error:{badmatch, _} -> badmatch end
         || F2 <- [fun() -> ets:new(t, X) end, fun() -> spawn_opt(fun() -> ok end, [X]) end, fun() -> binary_to_term(<<131, 106>>, [X]) end,
                   fun() -> list_to_atom(X) end, fun() -> maps:from_list(X) end, fun() -> apply(lists, X, []) end]]
    end),
    say(print, fun() -> [lists:flatlength(io_lib:format(Format, [X, 20])) > 0 || Format <- ["~P", "~W"]] end),
    say(display, fun() -> length(lists:sublist(erts_internal:term_to_string(id(X), 30), 3)) end),
    garbage_collect().

spawned(X, Y) ->
    Me = self(),
    spawn(fun() -> Me ! {closure, X =:= Y} end),
    spawn(erlang, send, [Me, {argument, X}]),
    {receive {closure, A} -> A end, receive {argument, B} -> B =:= Y end}.

%% A fun's hash depends on the module's code.
hash(function, X, Y) -> {erlang:phash2(X) =:= erlang:phash2(Y), erlang:phash(X, 1 bsl 32) =:= erlang:phash(Y, 1 bsl 32)};
hash(_, X, _) -> {erlang:phash2(X), erlang:phash(X, 1 bsl 32)}.

size_of(function, _) -> any;
size_of(_, B) -> byte_size(B).

ets(Type, X, Y) ->
    T = ets:new(t, [Type]),
    ets:insert(T, {X, 1}),
    ets:insert(T, {1, X}),
    R = [length(ets:lookup(T, Y)), ets:member(T, Y), ets:lookup_element(T, Y, 2), ets:select_delete(T, [{{Y, '_'}, [], [true]}]),
         ets:delete(T, Y), ets:info(T, size)],
    ets:delete(T),
    R.

matches(X, Y) ->
    T = ets:new(t, []),
    ets:insert(T, {1, X}),
    R = [length(ets:select(T, [{{'_', '$1'}, [{'=:=', '$1', {const, Y}}], [x]}])), ets:match(T, {'$1', Y}),
         ets:select_count(T, [{{'_', Y}, [], [true]}])],
    ets:delete(T),
    R.

only_a(a) -> ok.
id(X) -> X.

say(What, F) -> io:format("  ~p: ~p~n", [What, F()]).
