%% Every kind of run-time error that the compiler and the VM raise.
-module(exc_errors).
-export([main/0, id/1]).
-record(r, {a, b}).

main() ->
    [io:format("~s: ~w~n", [N, try F() catch C:R -> {C, R} end]) ||
        {N, F} <-
            [{"badmatch", fun() -> {ok, _} = id(error) end},
             {"badmatch deep", fun() -> [1, {2, X} | _] = id([1, {3, 4}]), X end},
             {"case_clause", fun() -> case id(5) of 1 -> a; 2 -> b end end},
             {"if_clause", fun() -> X = id(1), if X > 2 -> a; X < 0 -> b end end},
             {"function_clause", fun() -> local(id(9)) end},
             {"try_clause", fun() -> try id(3) of 1 -> a catch _ -> c end end},
             {"badarith", fun() -> id(a) + 1 end},
             {"badarg", fun() -> atom_to_list(id(1)) end},
             {"badarg 2", fun() -> list_to_integer(id("abc")) end},
             {"badarity", fun() -> F = id(fun arity2/2), try F(1) catch error:{badarity, {_, Args}} -> {badarity, Args} end end},
             {"badfun", fun() -> F = id(not_a_fun), F(1) end},
             {"badmap", fun() -> M = id([]), M#{a => 1} end},
             {"badkey", fun() -> M = id(#{}), M#{a := 1} end},
             {"badrecord", fun() -> R = id({other, 1, 2}), R#r.a end},
             {"badrecord update", fun() -> R = id(x), R#r{a = 1} end},
             {"undef", fun() -> nosuch:thing(1, 2) end},
             {"undef own", fun() -> ?MODULE:nothing() end},
             {"undef apply", fun() -> apply(id(lists), id(nothing), [1]) end},
             {"noproc", fun() -> id(nobody) ! hello end},
             {"bad generator", fun() -> [X || X <- id(5)] end},
             {"bad filter", fun() -> [X || X <- [1], id(5)] end},
             {"bad bin generator", fun() -> [X || <<X>> <= id(5)] end},
             {"bad map generator", fun() -> [X || X := _ <- id(5)] end},
             {"andalso", fun() -> id(5) andalso true end},
             {"orelse", fun() -> id(x) orelse true end},
             {"not", fun() -> not id(1) end},
             {"and", fun() -> id(1) and true end},
             {"or", fun() -> false or id([]) end},
             {"nocatch in try", fun() -> throw(id(x)) end},
             {"apply bad args", fun() -> apply(erlang, abs, id(x)) end},
             {"apply bad module", fun() -> M = id(5), M:f() end},
             {"spawn bad", fun() -> spawn(id(5), f, []) end},
             {"system_limit", fun() -> list_to_atom(lists:duplicate(300, $a)) end},
             {"bsl huge", fun() -> id(1) bsl id(1 bsl 65) end},
             {"tuple_size", fun() -> tuple_size(id(x)) end},
             {"raise badarg", fun() -> binary_to_term(id(<<1, 2, 3>>)) end},
             {"maybe", fun() -> maps:get(k, id(#{})) end},
             {"send to bad", fun() -> erlang:send(id({}), m) end},
             {"register", fun() -> register(id(undefined), self()) end},
             {"unregister", fun() -> unregister(id(never_registered)) end},
             {"length", fun() -> length(id([1 | 2])) end},
             {"float", fun() -> id(1.0e308) * 1000 end},
             {"process_flag", fun() -> process_flag(id(nonsense), true) end}]],
    io:format("~w~n", [guards(5)]),
    ok.

id(X) -> X.

local(1) -> one.

arity2(A, B) -> {A, B}.

%% errors in guards only make them fail
guards(X) ->
    [if hd(X) > 1 -> a; true -> b end, if 1 / (X - 5) > 0 -> a; true -> b end, if map_get(k, X) -> a; true -> b end,
     case X of Y when element(1, Y) =:= 1 -> a; Y when Y + a > 1 -> c; _ -> d end].
