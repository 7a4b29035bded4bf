-module(mochi_main_test).
-moduledoc "What the compiler writes for a program with an agent, by hand.".
-export([main/0, '__mochi__'/0, spec/0]).
-export(['Counter.$init'/1, 'Counter.$on0'/1, 'Counter.$on1'/1, 'Counter.add'/1, 'Counter.fail'/1, 'Counter.emit'/1, 'Counter.global'/0,
         'Counter.on_close'/0, 'Counter.value'/0, 'Counter.slow'/1]).

main() -> nil.
'__mochi__'() -> {<<"test.mochi">>, <<"print(1)\n">>}.

spec() ->
    {?MODULE, <<"Counter">>, 'Counter.$init', [{'Tick', 'Counter.$on0'}, {'Tock', 'Counter.$on1'}],
     #{<<"n">> => '$s:Counter.n', <<"seen">> => '$s:Counter.seen'}}.

'Counter.$init'(Given) ->
    put('$s:Counter.n', case mochi_agent:given(Given, <<"n">>) of
                            true -> mochi_agent:given_value(Given, <<"n">>);
                            false -> 0
                        end),
    put('$s:Counter.seen', mochi_list:new()).
'Counter.$on0'(E) -> put('$s:Counter.seen', mochi_list:append(get('$s:Counter.seen'), E)), note({get('$s:Counter.n'), E}).
'Counter.$on1'(E) -> mochi_stream:emit('Tick', {nested, E}).
'Counter.add'(X) -> put('$s:Counter.n', get('$s:Counter.n') + X), get('$s:Counter.n').
'Counter.value'() -> get('$s:Counter.n').
'Counter.fail'(M) -> mochi_core:fail(M).
'Counter.emit'(X) -> mochi_stream:emit('Tick', X), get('$s:Counter.n').
'Counter.global'() -> mochi_core:global('$g:x').
'Counter.slow'(Ms) -> timer:sleep(Ms), nil.
'Counter.on_close'() ->
    case persistent_term:get(mochi_main_test, none) of
        Pid when is_pid(Pid) -> Pid ! {on_close, get('$s:Counter.n')};
        none -> error(nobody)
    end.

%% A global of the program: the log.
note(X) ->
    Old = case mochi_core:global('$g:log') of nil -> []; L -> L end,
    mochi_core:set_global('$g:log', Old ++ [X]).
